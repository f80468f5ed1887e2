import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointListOptions, CheckpointMetadata, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { QueryInput } from "../../aws/dynamodb/items.js";
import { checkLimit, checkObject } from "../../checks.js";
import { invalidInput } from "../../errors.js";
import { configIds } from "../ids.js";
import { compareCodePoints } from "../../format/code-points.js";
import {
  CHECKPOINTS,
  checkpointPrefix,
  keyPart,
  namespacePrefix,
  parseSortKey,
  wholeCheckpointRange,
} from "../../format/keys.js";
import { isAbove } from "../fence.js";
import { checkpointPages, namespaceRange, type CheckpointItems, type RankedItems } from "./pages.js";
import { allValues, openCheckpoint, storedSize, type StoredCheckpoint } from "./open.js";
import { readBase, unlessDeleted } from "./query.js";
import { toTuple } from "./tuple.js";
import { loadMetadata } from "./load.js";
import { type Storage } from "../storage.js";
import { threadOf } from "../refs.js";

/** A BatchGetItem reads 100 segments. */
const SEGMENTS_AT_ONCE = 100;
/** Of what one row of checkpoints holds, unless it is a single one. */
const BYTES_AT_ONCE = 8 * 1_024 * 1_024;
/** For more checkpoints than this a page of 1 MB is hardly too much. */
const MAX_EXACT_LIMIT = 250;

interface ListInput {
  threadId: string | undefined;
  ns: string | undefined;
  checkpointId: string | undefined;
  beforeId: string | undefined;
  /** Metadata a checkpoint must have. */
  filter: Record<string, unknown>;
  limit: number;
}

/**
 * Checkpoints of a thread, or of all threads, newest first within each namespace.
 * @throws DynamoDBSaverError `INVALID_INPUT` at once, when the call is made
 */
export function list(
  storage: Storage,
  config: RunnableConfig,
  options: CheckpointListOptions,
): AsyncGenerator<CheckpointTuple, void, undefined> {
  const { threadId, ns, checkpointId } = configIds(config);
  // LangGraph's callers pass options of other savers.
  checkObject("", options, undefined, "{ limit: 10 }", invalidInput);
  const { limit, filter, before } = options;
  checkLimit(limit);
  if (filter !== undefined && filter !== null)
    checkObject("filter", filter, undefined, '{ source: "loop" }', invalidInput);
  return listCheckpoints(storage, {
    threadId,
    ns,
    checkpointId,
    beforeId: configIds(before).checkpointId,
    filter: { ...filter },
    limit: limit ?? Infinity,
  });
}

async function* listCheckpoints(storage: Storage, input: ListInput): AsyncGenerator<CheckpointTuple, void, undefined> {
  let left = input.limit;
  if (left <= 0) return;
  if (input.threadId !== undefined) {
    yield* listThread(storage, input.threadId, input);
    return;
  }
  for await (const { threadId } of storage.threads.list()) {
    for await (const tuple of listThread(storage, threadId, { ...input, limit: left })) {
      yield tuple;
      if (--left <= 0) return;
    }
  }
}

async function* listThread(
  storage: Storage,
  threadId: string,
  input: ListInput,
): AsyncGenerator<CheckpointTuple, void, undefined> {
  const thread = await threadOf(storage, threadId);
  await readBase(storage, thread, await keyPart("namespace", input.ns ?? ""));
  let left = input.limit;
  /** The last namespace of the page before. */
  let passed: string | undefined;
  // With `history: "latest"`, what is older than the newest one is none.
  const isLatestOnly = storage.history === "latest" && input.checkpointId === undefined;
  const start = isLatestOnly ? { ...input, beforeId: undefined } : input;
  // Then nothing else is read: its key is certain, and what its item says of its id is not.
  const isOne = input.ns !== undefined && input.checkpointId !== undefined;
  // By the keys, as they are read.
  const before = input.beforeId && (await keyPart("checkpoint", input.beforeId)).text;
  const isBefore = ({ item }: CheckpointItems): boolean =>
    !before || compareCodePoints(parseSortKey(item.SK.S).checkpoint, before) < 0;
  for await (const page of checkpointPages(storage, thread, await range(start), pageLimits(start))) {
    const newest = isLatestOnly ? latestOfEach(page, passed) : page;
    passed = page.at(-1)?.ns ?? passed;
    const wanted = newest.filter(
      (items) => (isOne || (input.checkpointId ?? items.id) === items.id) && isBefore(items),
    );
    for await (const window of windows(storage, wanted, input.filter, left)) {
      const segments = await storage.segments.load(thread.partition, window.flatMap(allValues));
      for (const stored of window) {
        const tuple = await unlessDeleted(storage, stored, () => toTuple(storage, stored, segments));
        if (!tuple) continue;
        yield tuple;
        if (--left <= 0) return;
      }
    }
  }
}

/** The latest one of each namespace that a page begins. @param passed the one that the page before has ended in */
function latestOfEach(page: RankedItems[], passed: string | undefined): RankedItems[] {
  const latest = new Map<string, RankedItems>();
  for (const one of page) {
    const other = latest.get(one.ns);
    if (one.ns !== passed && (!other || isAbove(one, other))) latest.set(one.ns, one);
  }
  return [...latest.values()];
}

/** The part of the thread to read. Other conditions are checked item by item. */
async function range({ ns, checkpointId, beforeId }: ListInput): Promise<Pick<QueryInput, "between" | "beginsWith">> {
  if (ns === undefined) return { beginsWith: CHECKPOINTS };
  const nsPart = await keyPart("namespace", ns);
  if (checkpointId !== undefined) {
    return { between: wholeCheckpointRange(checkpointPrefix(nsPart, await keyPart("checkpoint", checkpointId))) };
  }
  if (beforeId === undefined) return namespaceRange(nsPart);
  return { between: [namespacePrefix(nsPart), checkpointPrefix(nsPart, await keyPart("checkpoint", beforeId))] };
}

/**
 * A short list asks for what it needs, with the writes of some tasks a checkpoint and the marker, and not for a whole
 * page.
 */
function pageLimits({ limit, filter, ns }: ListInput): number[] {
  const exact = limit <= MAX_EXACT_LIMIT && ns !== undefined && Object.keys(filter).length === 0;
  return exact ? [4 * Math.ceil(limit) + 3] : [];
}

/**
 * The checkpoints that match, opened one by one, in rows of `limit` at most, of so many bytes, whose segments one
 * request can read.
 */
async function* windows(
  storage: Storage,
  page: CheckpointItems[],
  filter: Record<string, unknown>,
  limit: number,
): AsyncGenerator<StoredCheckpoint[], void, undefined> {
  let window: StoredCheckpoint[] = [];
  /** What the window takes, and the segments that have to be read for it. */
  let held = 0;
  let segments = new Map<string, number>();
  for (const items of page) {
    if (window.length >= limit) {
      yield window;
      window = [];
      held = 0;
      segments = new Map();
    }
    const stored = await openCheckpoint(storage, items);
    if (!(await unlessDeleted(storage, stored, () => matches(storage, stored, filter)))) continue;
    const own = storage.segments.uncached(allValues(stored));
    const size = storedSize(stored);
    let all = new Map([...segments, ...own]);
    if (window.length > 0 && (all.size > SEGMENTS_AT_ONCE || held + size + sum(all.values()) > BYTES_AT_ONCE)) {
      yield window;
      window = [];
      held = 0;
      all = own;
    }
    held += size;
    segments = all;
    window.push(stored);
  }
  if (window.length > 0) yield window;
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

async function matches(storage: Storage, stored: StoredCheckpoint, filter: Record<string, unknown>): Promise<boolean> {
  const conditions = Object.entries(filter);
  if (conditions.length === 0) return true;
  const segments = await storage.segments.load(stored.thread.partition, [stored.frame.metadata]);
  const metadata: CheckpointMetadata<Record<string, unknown>> = await loadMetadata(storage, stored, segments);
  return conditions.every(([name, value]) => equal(metadata[name], value));
}

/** Whether two JSON values are the same. */
function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (
    typeof a !== "object" ||
    typeof b !== "object" ||
    a === null ||
    b === null ||
    Array.isArray(a) !== Array.isArray(b)
  )
    return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) =>
        Object.hasOwn(b, name) && equal((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
    )
  );
}
