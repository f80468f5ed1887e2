import { keyPart } from "../../format/keys.js";
import { readLatest } from "./query.js";
import { loadMetadata } from "./load.js";
import { type Storage } from "../storage.js";
import { threadOf } from "../refs.js";
import type { ListThreadsOptions, ThreadInfo } from "../thread-index.js";

/** Threads read side by side. */
const AT_ONCE = 10;

/** The threads that are listed, with the latest checkpoint of each if it is asked for. */
export async function* listThreads(
  storage: Storage,
  options: ListThreadsOptions,
): AsyncGenerator<ThreadInfo, void, undefined> {
  if (!options?.latest) {
    yield* storage.threads.list(options);
    return;
  }
  let row: ThreadInfo[] = [];
  for await (const info of storage.threads.list(options)) {
    row.push(info);
    if (row.length < AT_ONCE) continue;
    yield* await Promise.all(row.map((one) => withLatest(storage, one)));
    row = [];
  }
  yield* await Promise.all(row.map((one) => withLatest(storage, one)));
}

async function withLatest(storage: Storage, info: ThreadInfo): Promise<ThreadInfo> {
  const thread = await threadOf(storage, info.threadId);
  const stored = await readLatest(storage, thread, await keyPart("namespace", ""));
  if (!stored) return info;
  const { step } = await loadMetadata(
    storage,
    stored,
    await storage.segments.load(thread.partition, [stored.frame.metadata]),
  );
  return { ...info, latest: { checkpointId: stored.id, step: typeof step === "number" ? step : undefined } };
}
