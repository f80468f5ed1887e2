import { print, printTable } from "../docs/terminal.js";

/** On demand, us-east-1, in dollars for one unit or request. S3 deletes for nothing. */
const PRICE = { write: 0.625 / 1_000_000, read: 0.125 / 1_000_000, put: 5 / 1_000_000, get: 0.4 / 1_000_000 };

const COLUMNS = ["requests", "bytes_sent", "bytes_received", "write_units", "read_units"];

/** Adds up what the Worker reports of each request. */
export class Costs {
  /** @type {Record<string, Record<string, number>>} */
  #operations = {};

  /** @param {import("./agent-client.js").Usage} usage */
  add = (usage) => {
    for (const [operation, numbers] of Object.entries(usage)) {
      const sum = (this.#operations[operation] ??= {});
      for (const column of COLUMNS) sum[column] = (sum[column] ?? 0) + (numbers[column] ?? 0);
    }
  };

  /**
   * @param {string} column
   * @param {string} [operation] all when none is given
   */
  sum(column, operation) {
    const chosen = operation === undefined ? Object.values(this.#operations) : [this.#operations[operation] ?? {}];
    return chosen.reduce((sum, numbers) => sum + (numbers[column] ?? 0), 0);
  }

  /** Prints one line an operation, the sum, and what it would cost in AWS. */
  print() {
    const operations = Object.entries(this.#operations).sort(([a], [b]) => a.localeCompare(b));
    const total = Object.fromEntries(COLUMNS.map((column) => [column, this.sum(column)]));
    printTable(
      ["operation", "requests", "bytes sent", "bytes received", "write units", "read units"],
      [...operations, /** @type {const} */ (["total", total])].map(([name, numbers]) => [
        name,
        ...COLUMNS.map((column) => (numbers[column] ?? 0).toLocaleString("en-US")),
      ]),
      ["left", "right", "right", "right", "right", "right"],
    );
    const units = this.sum("write_units") * PRICE.write + this.sum("read_units") * PRICE.read;
    const objects = this.sum("requests", "PutObject") * PRICE.put + this.sum("requests", "GetObject") * PRICE.get;
    print();
    print(
      "Units are as dynalite counts them. On demand in us-east-1, all this a thousand times costs " +
        `$${((units + objects) * 1000).toFixed(3)}.`,
    );
  }
}
