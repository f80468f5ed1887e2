import { Embeddings } from "@langchain/core/embeddings";
import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { heading, megabytes, tableOf } from "./print.js";

const VECTORS = 10_000;
const DIMS = 1_024;
/** Written side by side. */
const BATCH = 250;
const NAMESPACE = ["bench", "memories"];

/** Any text has a vector, always the same, and none is like another. */
class NoiseEmbeddings extends Embeddings {
  constructor() {
    super({});
  }

  /** @param {string[]} texts */
  async embedDocuments(texts) {
    return texts.map(noise);
  }

  /** @param {string} text */
  async embedQuery(text) {
    return noise(text);
  }
}

/** @param {string} text */
function noise(text) {
  let state = Array.from(text).reduce((hash, sign) => Math.imul(hash ^ sign.charCodeAt(0), 0x01000193), 0x811c9dc5) | 1;
  return Array.from({ length: DIMS }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
}

/**
 * Semantic search in one namespace, compared one by one and exactly.
 * @param {ConstructorParameters<typeof DynamoDBStore>[0]} options
 * @param {import("./meter.js").Meter} meter
 */
export async function printVectors(options, meter) {
  heading(`Semantic search among ${VECTORS} vectors of ${DIMS} dimensions in one namespace`);
  const store = new DynamoDBStore({
    ...options,
    keyPrefix: "vectors#",
    index: { dims: DIMS, embeddings: new NoiseEmbeddings(), fields: ["text"] },
  });
  for (let i = 0; i < VECTORS; i += BATCH) {
    await store.batch(
      Array.from({ length: BATCH }, (_, j) => ({
        namespace: NAMESPACE,
        key: String(i + j),
        value: { text: `memory ${i + j}`, even: j % 2 === 0 },
      })),
    );
  }
  const table = tableOf("operation", "requests", "received", "read units", "ms", "ms of this process");
  for (const [name, search] of /** @type {const} */ ([
    ["the best 10", { query: "memory 4711" }],
    ["the best 10 that pass a filter", { query: "memory 4712", filter: { even: true } }],
  ])) {
    for (const round of ["first", "again"]) {
      meter.reset();
      const [began, cpu] = [performance.now(), process.cpuUsage()];
      const [best] = await store.search(NAMESPACE, search);
      const { user, system } = process.cpuUsage(cpu);
      const { requests, bytesReceived, readUnits } = meter.total();
      if (best?.value["text"] !== search.query) throw new Error(`The nearest to ${search.query} was not itself.`);
      table.push([
        `${name}, ${round}`,
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
