import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { ConfigIds } from "../ids.js";
import { keyPart } from "../../format/keys.js";
import { allValues, type StoredCheckpoint } from "./open.js";
import { readBase, readCheckpoint, readLatest, unlessDeleted } from "./query.js";
import { toTuple } from "./tuple.js";
import { type Storage } from "../storage.js";
import { checkpointRef, threadOf } from "../refs.js";

/**
 * The checkpoint that a config names, or the latest of its thread and namespace, as LangGraph sees it and as it was
 * read.
 */
export async function getTuple(
  storage: Storage,
  ids: ConfigIds,
): Promise<{ tuple: CheckpointTuple; stored: StoredCheckpoint } | undefined> {
  const { threadId, ns = "", checkpointId } = ids;
  if (threadId === undefined) return undefined;
  const thread = await threadOf(storage, threadId);
  const part = await keyPart("namespace", ns);
  if (checkpointId !== undefined) await readBase(storage, thread, part);
  const stored =
    checkpointId === undefined
      ? await readLatest(storage, thread, part)
      : await readCheckpoint(storage, await checkpointRef(thread, ns, checkpointId));
  if (!stored) return undefined;
  const segments = await storage.segments.load(thread.partition, allValues(stored));
  const tuple = await unlessDeleted(storage, stored, () => toTuple(storage, stored, segments));
  if (tuple) return { tuple, stored };
  // A thread that has started again has another latest one.
  return checkpointId === undefined && storage.incarnations.known(threadId) ? getTuple(storage, ids) : undefined;
}
