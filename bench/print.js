import Table from "cli-table3";

/** @param {string} text */
export const heading = (text) => console.log(`\n${text}\n`);

/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;

/** @param {string[]} head the first column is text, the others are figures */
export function tableOf(...head) {
  return new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, column) => (column === 0 ? "left" : "right")),
  });
}
