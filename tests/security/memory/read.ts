import { readFileSync } from "node:fs";
import { DynamoDBCache, DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { openStorage } from "../../../src/checkpoint/open-storage.js";
import type { Writing } from "../../../src/checkpoint/storage.js";
import { expandConfig } from "../../../src/config/config.js";
import { ambientEnv } from "../../../src/config/environment.js";
import { plainSerde } from "../../../src/format/serde/plain-serde.js";
import { timeline } from "../../../src/inspect/timeline.js";
import { ids } from "./stored-items.js";
import { fetchFrom, type StoredItem } from "./table-of-items.js";

/*
 * Reads in a process of its own, and says what came of it and what is the most memory that the process has had more
 * than before: all that is alive, and not what a single allocation takes.
 */

const [, , reading = "", file = "", maxValueBytes, times = "1"] = process.argv;
/** Each so many times, under other keys. Here, so that this process does not hold them as often. */
const items = (JSON.parse(readFileSync(file, "utf8")) as StoredItem[]).flatMap((item) =>
  Array.from({ length: Number(times) }, (_, i) => ({ ...item, SK: { S: item.SK!.S!.replace("*", String(i)) } })),
);
const options = {
  tableName: "checkpoints",
  region: "us-east-1",
  endpoint: "http://127.0.0.1:9",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  ...(maxValueBytes !== undefined && { maxValueBytes: Number(maxValueBytes) }),
};
const ofThread = { configurable: { thread_id: "t" } };

/** What inspects stores nothing. */
const nothing = {} as Writing;

async function read(fetch: ReturnType<typeof fetchFrom>): Promise<unknown> {
  const saver = new DynamoDBSaver({ ...options, fetch });
  const store = new DynamoDBStore({
    ...options,
    fetch,
    index: {
      dims: 2,
      embeddings: {
        embedDocuments: async (texts: string[]) => texts.map(() => [1, 0]),
        embedQuery: async () => [1, 0],
      } as never,
    },
  });
  switch (reading) {
    case "getTuple":
      return saver.getTuple(ofThread);
    case "getTuple of each":
      for (const id of ids(40))
        await saver.getTuple({ configurable: { thread_id: "t", checkpoint_ns: "", checkpoint_id: id } });
      return undefined;
    case "inspect": {
      const storage = openStorage(expandConfig({ ...options, fetch }, ambientEnv()), plainSerde, nothing);
      let count = 0;
      for await (const _ of timeline(storage, "t")) count++;
      return count;
    }
    case "first of list":
      return (await saver.list(ofThread).next()).value;
    case "list": {
      let count = 0;
      for await (const _ of saver.list(ofThread)) count++;
      return count;
    }
    case "getDeltaChannelHistory":
      return saver.getDeltaChannelHistory({ config: ofThread, channels: ["value"] });
    case "prune":
      return saver.prune({ threadIds: ["t"], keepLast: 1 });
    case "deleteForRuns": {
      return saver.deleteForRuns(["run"], { threadIds: ["t"] });
    }
    case "exportThread": {
      let count = 0;
      for await (const _ of saver.exportThread("t")) count++;
      return count;
    }
    case "copyThread":
      return saver.copyThread("t", "copy");
    case "search":
      return store.search(["n"], { filter: { wanted: true }, limit: 1 });
    case "search without a filter":
      return store.search(["n"], { limit: 1 });
    case "listNamespaces":
      return store.listNamespaces({ limit: 1 });
    case "search by meaning":
      return store.search(["n"], { query: "anything", limit: 1 });
    case "search for all":
      return store.search(["n"], { limit: 1_000 });
    case "gets":
      return store.batch(Array.from({ length: 60 }, (_, i) => ({ namespace: ["n"], key: `k${i}` })));
    case "cache.get":
      return new DynamoDBCache({ ...options, fetch }).get(Array.from({ length: 100 }, (_, i) => [["n"], `k${i}`]));
    default:
      throw new Error(`There is no reading ${reading}.`);
  }
}

// All that is loaded once, and compiled by use.
await read(fetchFrom([])).catch(() => undefined);
const before = process.resourceUsage().maxRSS;
const outcome = await read(fetchFrom(items)).then(
  () => "done",
  (error: Error & { code?: string }) => error.code ?? error.message,
);
console.log(JSON.stringify({ outcome, mebibytes: (process.resourceUsage().maxRSS - before) / 1_024 }));
