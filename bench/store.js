import { StoreBackend } from "deepagents";
import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { heading, megabytes, tableOf } from "./print.js";

/** @import { DynamoDBStoreOptions } from "langgraph-checkpoint-dynamodb" */
/** @typedef {import("./meter.js").Meter} Meter */

/** Written side by side. */
const BATCH = 250;
const KILOBYTE = "x".repeat(1_000);

/**
 * What the store costs where much is stored.
 * @param {DynamoDBStoreOptions} options
 * @param {Meter} meter
 */
export async function printStore(options, meter) {
  heading("The store, by an instance that knows nothing yet");
  const table = tableOf("operation", "requests", "received", "read units", "ms");
  /** @param {string} name @param {() => Promise<unknown>} call */
  const row = async (name, call) => {
    meter.reset();
    const began = performance.now();
    await call();
    const ms = performance.now() - began;
    const { requests, bytesReceived, readUnits } = meter.total();
    table.push([name, requests, megabytes(bytesReceived), readUnits, ms.toFixed(0)]);
  };
  /** @param {string} keyPrefix */
  const fresh = (keyPrefix) => new DynamoDBStore({ ...options, keyPrefix });

  await fill(fresh("items#"), 10_000, (i) => ({
    namespace: ["memories"],
    key: `k${i}`,
    value: { text: KILOBYTE, digit: i % 10 },
  }));
  await row("search, limit 10, in a namespace of 10,000 items of 1 KB", () => fresh("items#").search(["memories"]));
  await row("the same, offset 100", () => fresh("items#").search(["memories"], { offset: 100 }));
  await row("the same, that pass a filter, as every tenth item does", () =>
    fresh("items#").search(["memories"], { filter: { digit: 7 } }),
  );

  const store = fresh("namespaces#");
  await fill(store, 2_500, (i) => ({ namespace: ["users", `u${i}`], key: "name", value: { i } }));
  for (let i = 0; i < 2_500; i += BATCH)
    await Promise.all(
      Array.from({ length: BATCH }, (_, j) => i + j)
        .filter((n) => n % 5 !== 0)
        .map((n) => store.delete(["users", `u${n}`], "name")),
    );
  await row("search, limit 10, above 500 namespaces, 2,000 more emptied", () => fresh("namespaces#").search(["users"]));
  await row("the same again, by another instance", () => fresh("namespaces#").search(["users"]));

  /** @param {string} keyPrefix */
  const files = (keyPrefix) => new StoreBackend({ store: fresh(keyPrefix), namespace: ["files"] });
  const text = "All work and no play makes a dull file.\n".repeat(125); // 5 KB
  const backend = files("files#");
  for (let i = 0; i < 1_000; i += BATCH)
    await Promise.all(
      Array.from({ length: BATCH }, (_, j) => backend.write(`/notes/${i + j}.md`, `${text}${i + j}\n`)),
    );
  await row("deepagents: ls of 1,000 files of 5 KB", () => files("files#").ls("/notes"));
  await row("deepagents: grep in them", () => files("files#").grep("play makes", "/notes"));
  await row("deepagents: read_file", () => files("files#").read("/notes/500.md"));
  console.log(table.toString());
}

/**
 * @param {DynamoDBStore} store
 * @param {number} count
 * @param {(i: number) => { namespace: string[], key: string, value: Record<string, unknown> }} put
 */
async function fill(store, count, put) {
  for (let i = 0; i < count; i += BATCH)
    await store.batch(Array.from({ length: Math.min(BATCH, count - i) }, (_, j) => put(i + j)));
}
