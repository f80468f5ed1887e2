import { Embeddings } from "@langchain/core/embeddings";
import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { clusters, counts, noise } from "../scripts/lib/recall/synthetic.js";
import { heading, megabytes, tableOf } from "./print.js";

/** @import { VectorSet } from "../scripts/lib/recall/synthetic.js" */

const DIMS = 1_024;
const WANTED = 10;
/** Written side by side. */
const BATCH = 250;
const NAMESPACE = ["bench", "memories"];

/** Texts are numbers of vectors of a set, and what is sought is one of its queries. */
class SetEmbeddings extends Embeddings {
  /** @param {VectorSet} set */
  constructor(set) {
    super({});
    this.set = set;
  }

  /** @param {string[]} texts */
  async embedDocuments(texts) {
    return texts.map((text) => Array.from(this.set.stored[Number(text)] ?? []));
  }

  /** @param {string} text */
  async embedQuery(text) {
    return Array.from(this.set.queries[Number(text)] ?? []);
  }
}

/**
 * Search by meaning in one namespace of 10,000 vectors: such as models give, and such as none gives, all alike far from
 * each other.
 * @param {ConstructorParameters<typeof DynamoDBStore>[0]} options
 * @param {import("./meter.js").Meter} meter
 */
export async function printVectors(options, meter) {
  heading(
    `The best ${WANTED} of 10,000 vectors of ${DIMS} dimensions in one namespace, by an instance that knows nothing`,
  );
  const table = tableOf("vectors", "search", "requests", "received", "read units", "ms", "ms of this process");
  for (const set of [clusters(DIMS), counts(DIMS), noise(DIMS)]) {
    const embeddings = new SetEmbeddings(set);
    /** @param {Partial<ConstructorParameters<typeof DynamoDBStore>[0]>} [more] */
    const fresh = (more) =>
      new DynamoDBStore({
        ...options,
        keyPrefix: `vectors-${set.name}#`,
        index: { dims: DIMS, embeddings, fields: ["text"] },
        ...more,
      });
    await fill(fresh(), set.stored.length);
    for (const [name, store, filter] of /** @type {const} */ ([
      ["", fresh(), undefined],
      ["eventually consistent", fresh({ consistentRead: false }), undefined],
      ["with a filter that half of them pass", fresh(), { even: true }],
    ])) {
      meter.reset();
      const [began, cpu] = [performance.now(), process.cpuUsage()];
      const found = await store.search(NAMESPACE, { query: "0", limit: WANTED, ...(filter && { filter }) });
      const { user, system } = process.cpuUsage(cpu);
      const { requests, bytesReceived, readUnits } = meter.total();
      if (found.length !== WANTED) throw new Error(`${found.length} were found, not ${WANTED}.`);
      table.push([
        set.name,
        name,
        requests,
        megabytes(bytesReceived),
        readUnits,
        (performance.now() - began).toFixed(0),
        ((user + system) / 1_000).toFixed(0),
      ]);
    }
  }
  console.log(table.toString());
}

/** @param {DynamoDBStore} store @param {number} count */
async function fill(store, count) {
  for (let i = 0; i < count; i += BATCH)
    await store.batch(
      Array.from({ length: BATCH }, (_, j) => ({
        namespace: NAMESPACE,
        key: String(i + j),
        value: { text: String(i + j), even: j % 2 === 0 },
      })),
    );
}
