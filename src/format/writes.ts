import type { Item, Key } from "../aws/dynamodb/items.js";
import { binaryOf, stringOf, placeOf } from "./attributes.js";
import { compareCodePoints } from "./code-points.js";
import type { Codec } from "./codec.js";
import { decodeContainer, encodeContainer } from "./container.js";
import type { Place } from "./encryption.js";
import { damaged, FormatError } from "./format-error.js";
import { certainId, isBorn, parseSortKey, unescapeId } from "./keys.js";
import type { Serialized } from "./serde/serialized.js";
import type { Value } from "./value.js";

/*
 * The writes of one task are one item with an attribute per write: `w{index}`. A call with very many ordinary
 * writes stores them as runs: `w{first}` then holds several writes in a row. A run is only ever stored for
 * indices that no earlier call had written, so where an index stands both in a run and in an attribute of its
 * own, the run came first, and the first write wins.
 */

const ATTRIBUTE = /^w-?\d+$/;
/** Serde type of a run's bytes, which are a container themselves. */
const RUN = "run";

/** One stored write, before its segments are read. */
export interface StoredWrite {
  index: number;
  channel: string;
  value: Value;
}

/** A write as it goes in. */
export interface SerializedWrite extends Serialized {
  index: number;
  channel: string;
}

export const attributeOf = (index: number): string => `w${index}`;
export const indexOf = (attribute: string): number => Number(attribute.slice(1));

/** The attributes of an item that hold writes. */
export const writeNames = (item: object): string[] => Object.keys(item).filter((name) => ATTRIBUTE.test(name));

/** Whether an item holds a write: its path is that of its task then. */
export const hasWrites = (item: object): boolean => writeNames(item).length > 0;

/** A write as its attribute holds it, before the codec. */
export const writeBytes = (channel: string, value: Value, runId?: string): Uint8Array =>
  encodeContainer(headOf(channel, value, runId), [value]);

/** The bytes of writes with consecutive indices, to be stored as one value. */
export function packRun(writes: SerializedWrite[]): { type: string; bytes: Uint8Array } {
  const values = writes.map(({ type, bytes }): Value => ({ type, segments: [], tail: bytes }));
  return {
    type: RUN,
    bytes: encodeContainer(
      writes.map((w) => w.channel),
      values,
    ),
  };
}

/** A run as its attribute holds it, before the codec. */
export const runBytes = (count: number, value: Value, runId?: string): Uint8Array =>
  encodeContainer(headOf(count, value, runId), [value]);

/**
 * The head of a value that has segments also says under which incarnation of the thread they were stored; and that of a
 * write whose call had one, the run's id.
 */
function headOf(head: string | number, { segments }: Value, runId: string | undefined): unknown {
  const born = segments[0]?.born;
  return runId !== undefined ? [head, born ?? "", runId] : born !== undefined ? [head, born] : head;
}

function bornOfWrite(head: unknown): string {
  const born: unknown = Array.isArray(head) ? head[1] : "";
  if (!isBorn(born)) throw damaged("A write has another shape");
  return born;
}

/** What one `w…` attribute holds. */
export type WriteAttribute = {
  index: number;
  value: Value;
  /** Whether it was put when the incarnation was not known yet. */
  isEarly: boolean;
  /** Of the lease under which it was put; 0 without one. */
  token: number;
  /** The attribute itself. */
  name: string;
  /** The task, as its key has it. */
  task: string;
  /** The run that has written it, if its caller said so. */
  runId: string | undefined;
  /** The task's path that the encrypted value is bound to; `""` if to none, or it is not encrypted. */
  boundPath: string;
} & ({ kind: "single"; channel: string } | { kind: "run"; count: number });

/** All attributes of a writes item. @throws FormatError */
export async function writeAttributes(item: Item, codec: Codec, meter = codec.meter()): Promise<WriteAttribute[]> {
  const names = writeNames(item);
  // Segments of writes that were restored have moved with them.
  const { born, isEarly, token, task = "" } = parseSortKey(item.SK.S);
  const bornOf = (head: unknown): string => {
    const stated = bornOfWrite(head);
    return born || stated;
  };
  const stored = names.map((name) => binaryOf(item, name));
  codec.checkAnnounced(stored);
  return Promise.all(
    names.map(async (name, i): Promise<WriteAttribute> => {
      const index = indexOf(name);
      if (!Number.isSafeInteger(index)) throw damaged("A write has an index that none can have");
      const { bytes, isBound } = await codec.decodeBound(stored[i]!, writePlace(item, name));
      const boundPath = isBound ? taskPathOf(item) : "";
      const container = decodeContainer(bytes, bornOf, meter, stored[i]!.length);
      const [head, , run] = Array.isArray(container.head) ? (container.head as unknown[]) : [container.head];
      const runId = typeof run === "string" ? run : undefined;
      const [value, ...more] = container.values;
      if (value && more.length === 0) {
        const one = { index, name, value, isEarly, token, task, runId, boundPath };
        if (typeof head === "string") return { kind: "single", channel: head, ...one };
        if (isCount(head) && index >= 0) return { kind: "run", count: head, ...one };
      }
      throw damaged(`Write ${index} has another shape`);
    }),
  );
}

/** What some runs have written. */
export const writesOfRuns = async (codec: Codec, item: Item, runs: ReadonlySet<unknown>): Promise<WriteAttribute[]> =>
  (await writeAttributes(item, codec)).filter(({ runId }) => runs.has(runId));

/** Of the writes in a run: a container's header holds no more. */
const isCount = (head: unknown): head is number =>
  Number.isSafeInteger(head) && (head as number) > 0 && (head as number) < 1_000_000;

/** Which of the ordinary indices below `end` are taken already: each is looked at once, whatever runs say. */
export function takenIndices(attributes: WriteAttribute[], end: number): Set<number> {
  const taken = new Set<number>();
  let next = 0;
  for (const one of [...attributes].sort((a, b) => a.index - b.index)) {
    const behind = Math.min(end, one.index + (one.kind === "run" ? one.count : 1));
    for (next = Math.max(next, one.index); next < behind; next++) taken.add(next);
  }
  return taken;
}

/** The task of a writes item. */
export interface TaskOfItem {
  taskId: string;
  /** LangGraph's path of the task, `""` when it gave none. */
  path: string;
}

export const taskPathOf = (item: Item): string => unescapeId(stringOf(item, "path") ?? "");

/** @throws FormatError */
export async function taskOf(item: Item): Promise<TaskOfItem> {
  const { task = "" } = parseSortKey(item.SK.S);
  return { taskId: await certainId(task, stringOf(item, "task")), path: taskPathOf(item) };
}

/**
 * The path of a task that was taken over from another saver, which tells the order of its tasks but not their paths. It
 * sorts after `""`, by which LangGraph stores a graph's input, and before the paths of tasks, which begin with `~`:
 * what a graph writes beside it when it goes on comes after it.
 */
export const importedPath = (position: number): string => `!${String(position).padStart(10, "0")}`;

/**
 * The place of a write, with its task's path, by which writes are ordered. One that was put without a path, as by older
 * versions of LangGraph, is bound to none; nor to the path that `importFrom` gave its task, which it may give anew.
 */
export function writePlace(item: Key & Partial<Item>, attribute: string): Place {
  const place = placeOf(item, attribute);
  const path = stringOf(item as Item, "path") ?? "";
  return path === "" || path.startsWith("!") ? place : [`${place} ${path}`, place];
}

/**
 * The path of a task whose writes stand in these items. What an encrypted value is bound to comes before what an item
 * only says, and an item without a value says nothing.
 * @throws FormatError `DECRYPTION_FAILED` where values are bound to different paths
 */
export function pathOfTask(items: { path: string; attributes: WriteAttribute[] }[]): string {
  const bound = new Set(items.flatMap(({ attributes }) => attributes.map((a) => a.boundPath)).filter(Boolean));
  if (bound.size > 1)
    throw new FormatError(
      "DECRYPTION_FAILED",
      "The writes of one task are bound to different paths, so their order is not known: they were moved",
    );
  const [path] = bound;
  return path ?? items.find((item) => item.path && item.attributes.length > 0)?.path ?? "";
}

/**
 * Tasks in the order in which their writes are applied: by path, then by id. What a task writes in a run with
 * `durability: "exit"` has an id of its own, with the superstep's number in place of the first eight letters. Where the
 * task was taken over from another saver, it comes where the task is.
 */
export function inOrder<T extends TaskOfItem>(tasks: T[]): T[] {
  const imported = new Map<string, string>();
  for (const { path, taskId } of tasks) if (path[0] === "!") imported.set(taskId.replace(/^.{8}-/, "-"), path);
  for (const task of tasks)
    if (task.path[0] === "~") task.path = imported.get(task.taskId.replace(/^.{8}-/, "-")) ?? task.path;
  return tasks.sort((a, b) => compareCodePoints(a.path, b.path) || compareCodePoints(a.taskId, b.taskId));
}
