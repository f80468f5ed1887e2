import {
  MemorySaver,
  type BaseCheckpointSaver,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { textsOf } from "../../checks.js";
import { invalidInput } from "../../errors.js";
import { configIds } from "../../checkpoint/ids.js";
import { partsGiven } from "../../checkpoint/write/put-arguments.js";
import { putCheckpoint } from "../../checkpoint/write/put.js";
import { isSpecial, putWrites, serializeWrites } from "../../checkpoint/write/put-writes.js";
import type { Storage } from "../../checkpoint/storage.js";
import { compareCodePoints } from "../../format/code-points.js";
import { importedPath } from "../../format/writes.js";

/** What `importFrom` takes over. */
export interface ImportFromOptions {
  /** Which threads. Default: all that the other saver lists. */
  threadIds?: readonly string[] | undefined;
}

export const IMPORT_FROM_OPTIONS: readonly string[] = ["threadIds"] satisfies (keyof ImportFromOptions)[];

/** How much was taken over so far. */
export interface ImportFromResult {
  /** Threads that are done. */
  threads: number;
  /** Checkpoints of all threads and namespaces. */
  checkpoints: number;
  /** Of tasks: one may hold several writes. */
  writes: number;
}

/** How far `importFrom` is. */
export interface ImportFromProgress extends ImportFromResult {
  /** The thread that is being taken over. */
  threadId: string;
}

/** As much of a saver as is read. */
export type CheckpointSource = Pick<BaseCheckpointSaver, "getTuple" | "list">;

/**
 * Stores what another saver has under the same ids, each thread from its oldest checkpoint on, so that a later one
 * shares with an earlier one what it has in common with it. Only ids are kept in memory.
 */
export async function* importFrom(
  storage: Storage,
  source: CheckpointSource,
  { threadIds }: ImportFromOptions,
  ttlSeconds: number | undefined,
): AsyncGenerator<ImportFromProgress, ImportFromResult, undefined> {
  if (typeof source?.getTuple !== "function" || typeof source.list !== "function")
    throw invalidInput("importFrom needs a LangGraph saver, for example new MemorySaver().");
  const ids = threadIds === undefined ? undefined : textsOf("threadIds", threadIds);
  // Branches are stored as such.
  const branching: Storage = { ...storage, conflict: "branch" };
  const isById = appliesById(source);
  const total = { threads: 0, checkpoints: 0, writes: 0 };
  for (const threadId of ids ?? (await threadsOf(source))) {
    const places = await placesOf(source, threadId);
    // One that was listed may have been deleted since.
    if (ids && places.length === 0)
      throw invalidInput(`There is no thread ${JSON.stringify(threadId)} in the saver that importFrom was given.`);
    for (const { ns, id } of places.reverse()) {
      const tuple = await source.getTuple({
        configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id },
      });
      if (!tuple) continue; // deleted meanwhile
      total.writes += await take(branching, threadId, ns, tuple, isById, ttlSeconds);
      total.checkpoints++;
      if (total.checkpoints % 100 === 0) yield { threadId, ...total };
    }
    total.threads++;
    yield { threadId, ...total };
  }
  return total;
}

/** Returns how many tasks have written. */
async function take(
  storage: Storage,
  threadId: string,
  ns: string,
  tuple: CheckpointTuple,
  isById: boolean,
  ttlSeconds: number | undefined,
): Promise<number> {
  const { checkpoint, metadata, parentConfig, pendingWrites = [] } = tuple;
  const parentId = configIds(parentConfig).checkpointId;
  // Without new versions: all that is there.
  await putCheckpoint(storage, { threadId, ns, parentId, ...partsGiven(checkpoint, metadata, undefined), ttlSeconds });
  const tasks = tasksInOrder(pendingWrites);
  if (isById) tasks.sort(([a], [b]) => compareCodePoints(a, b));
  for (const [position, [taskId, writes]] of tasks.entries()) {
    const taskPath = importedPath(position);
    await putWrites(storage, {
      threadId,
      ns,
      checkpointId: checkpoint.id,
      taskId,
      taskPath,
      isImported: true,
      writes: await serializeWrites(storage, writes),
      ttlSeconds,
    });
  }
  return tasks.length;
}

/**
 * What each task wrote, the tasks in the order in which the source gives their writes. One that asked before the others
 * were done, and was answered after them, comes where its answer comes. Special channels have indices of their own and
 * are last: so the index of each other write is the same when the source has more of them at the next call.
 */
function tasksInOrder(pendingWrites: CheckpointPendingWrite[]): [taskId: string, writes: PendingWrite[]][] {
  const byTask = new Map<string, { ordinary: PendingWrite[]; special: PendingWrite[] }>();
  for (const [taskId, channel, value] of pendingWrites) {
    const task = byTask.get(taskId) ?? { ordinary: [], special: [] };
    const writes = isSpecial(channel) ? task.special : task.ordinary;
    // A key that is set anew comes last.
    if (writes === task.ordinary && writes.length === 0) byTask.delete(taskId);
    writes.push([channel, value]);
    byTask.set(taskId, task);
  }
  return [...byTask].map(([taskId, { ordinary, special }]) => [taskId, [...ordinary, ...special]]);
}

/**
 * Whether a saver lists writes as they came in, and yet applies them to a `DeltaChannel` by the ids of their tasks, as
 * a `MemorySaver` does that is told no paths. What other savers list is what they apply.
 */
const appliesById = (source: CheckpointSource): boolean =>
  source instanceof MemorySaver && MemorySaver.prototype.putWrites.length < 4;

async function threadsOf(source: CheckpointSource): Promise<Set<string>> {
  const threadIds = new Set<string>();
  for await (const { config } of source.list({})) {
    const { threadId } = configIds(config);
    if (threadId !== undefined) threadIds.add(threadId);
  }
  return threadIds;
}

/** Newest first, as savers list them. */
async function placesOf(source: CheckpointSource, threadId: string): Promise<{ ns: string; id: string }[]> {
  const places: { ns: string; id: string }[] = [];
  for await (const { config, checkpoint } of source.list({ configurable: { thread_id: threadId } }))
    places.push({ ns: configIds(config).ns ?? "", id: checkpoint.id });
  return places.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}
