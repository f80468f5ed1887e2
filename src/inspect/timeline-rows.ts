import type { Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import type { CheckpointItems } from "../checkpoint/read/pages.js";
import { nextNodes, tellsNextNodes } from "./next-nodes.js";
import { pendingTasks, storedSize, type StoredCheckpoint } from "../checkpoint/read/open.js";
import { bytesInMemory } from "../format/known-attributes.js";
import { deltaChannels } from "../checkpoint/delta-channels.js";
import { isBody, isMetadata, stepsSince } from "../checkpoint/parts.js";
import { damaged } from "../format/format-error.js";
import type { Storage } from "../checkpoint/storage.js";
import { openReadable, problemOf, ValueReader, type Problem } from "./tolerant-read.js";
import { lengthOf, type Value } from "../format/value.js";

/** A checkpoint as read, before it is compared with its parent. */
export interface Row {
  items: CheckpointItems;
  /** Undefined where its item cannot be read. */
  stored: StoredCheckpoint | undefined;
  facts: Facts;
  problems: Problem[];
  /**
   * The segments that are not stored, of this one and of others read with it, as `segmentCopy` calls them; where that
   * was looked for.
   */
  absent?: ReadonlySet<string> | undefined;
}

/** What the small parts of a checkpoint say. */
export interface Facts {
  source: string | undefined;
  step: number | undefined;
  runId: string | undefined;
  time: string | undefined;
  next: string[] | undefined;
  tasks: TimelineTask[];
  /** Channels that are rebuilt from earlier writes, and how many supersteps ago each was stored in full. */
  deltas: Record<string, number>;
  versions: Record<string, number | string>;
}

/** What one task of a checkpoint has written. */
export interface TimelineTask {
  id: string;
  /** The channels it wrote to, LangGraph's special ones left out. */
  channels: string[];
  /** How many writes there are, those left out. */
  writes: number;
  /** What it asked for by `interrupt()`. */
  interrupts: unknown[];
  /** How it failed. */
  error?: unknown;
  /** Serialized, all of it. */
  bytes: number;
}

const INTERRUPT = "__interrupt__";
const ERROR = "__error__";

type Opened = Pick<Row, "items" | "stored" | "problems">;

/** Opened at once: a page can hold thousands, and opened they take many times its megabyte. */
const ROWS_AT_ONCE = 100;
const BYTES_AT_ONCE = 8 * 1_024 * 1_024;

/**
 * Reads the small parts of some checkpoints at once: mostly they stand in the items, and there is nothing to request.
 */
export async function* readRows(storage: Storage, page: CheckpointItems[]): AsyncGenerator<Row[], void, undefined> {
  let opened: Opened[] = [];
  let held = 0;
  for (const items of page) {
    const one = { items, ...(await openReadable(storage, items)) };
    const size = rowSize(one);
    if (opened.length === ROWS_AT_ONCE || (opened.length > 0 && held + size > BYTES_AT_ONCE)) {
      yield await rowsOf(storage, opened);
      opened = [];
      held = 0;
    }
    opened.push(one);
    held += size;
  }
  if (opened.length > 0) yield await rowsOf(storage, opened);
}

/** Roughly what is held of it, in bytes. */
export function rowSize({ items, stored }: Pick<Row, "items" | "stored">): number {
  const read = stored ? smallValues(stored) : [];
  const opened = stored ? storedSize(stored) : 0;
  return read.reduce((sum, value) => sum + lengthOf(value), bytesInMemory(items.item) + items.writeBytes + opened);
}

async function rowsOf(storage: Storage, opened: Opened[]): Promise<Row[]> {
  const reader = new ValueReader(storage, opened[0]!.items.thread);
  await reader.load(opened.flatMap(({ stored }) => (stored ? smallValues(stored) : [])));
  return Promise.all(
    opened.map(async ({ items, stored, problems }) => ({
      items,
      stored,
      problems,
      facts: stored ? await factsOf(stored, reader, problems) : NO_FACTS,
    })),
  );
}

const NO_FACTS: Facts = {
  source: undefined,
  step: undefined,
  runId: undefined,
  time: undefined,
  next: undefined,
  tasks: [],
  deltas: {},
  versions: {},
};

function smallValues({ frame, tasks }: StoredCheckpoint): Value[] {
  const steering = [...frame.channels].filter(([name]) => tellsNextNodes(name)).map(([, { value }]) => value);
  const special = tasks.flatMap(({ attributes }) =>
    attributes
      .filter((a) => a.kind === "single" && (a.channel === INTERRUPT || a.channel === ERROR))
      .map((a) => a.value),
  );
  return [frame.checkpoint, frame.metadata, ...steering, ...special];
}

async function factsOf(stored: StoredCheckpoint, reader: ValueReader, problems: Problem[]): Promise<Facts> {
  const { frame } = stored;
  const read = async (part: string, value: Value): Promise<unknown> => {
    try {
      return await reader.read(value);
    } catch (error) {
      problems.push(problemOf(error, part));
      return undefined;
    }
  };
  const readPart = async <T>(part: string, value: Value, isPart: (found: unknown) => found is T) => {
    const found = await read(part, value);
    if (isPart(found)) return found;
    // Of what another serde has made, nothing is known.
    if (found !== undefined && value.type === "json")
      problems.push(problemOf(damaged("A part of a checkpoint has another shape"), part));
    return undefined;
  };
  const body: Partial<Checkpoint> | undefined = await readPart("(checkpoint)", frame.checkpoint, isBody);
  const metadata: (CheckpointMetadata & { run_id?: unknown }) | undefined = await readPart(
    "(metadata)",
    frame.metadata,
    isMetadata,
  );
  const next =
    body &&
    (await nextNodes(body, frame.channels.keys(), (channel) => read(channel, frame.channels.get(channel)!.value)));
  const deltas = metadata
    ? deltaChannels(metadata, frame).map((name) => [name, stepsSince(metadata, name) ?? NaN] as const)
    : [];
  return {
    source: ifString(metadata?.source),
    step: typeof metadata?.step === "number" ? metadata.step : undefined,
    runId: ifString(metadata?.run_id),
    time: ifString(body?.ts),
    next,
    tasks: await Promise.all(pendingTasks(stored).map((task) => taskOf(task, read))),
    deltas: Object.fromEntries(deltas),
    versions: body?.channel_versions ?? {},
  };
}

async function taskOf(
  { taskId, attributes }: StoredCheckpoint["tasks"][number],
  read: (part: string, value: Value) => Promise<unknown>,
): Promise<TimelineTask> {
  const task: TimelineTask = { id: taskId, channels: [], writes: 0, interrupts: [], bytes: 0 };
  const channels = new Set<string>();
  for (const attribute of attributes) {
    task.bytes += lengthOf(attribute.value);
    if (attribute.kind === "run") task.writes += attribute.count;
    else if (attribute.channel === INTERRUPT) {
      const asked = await read(INTERRUPT, attribute.value);
      if (asked !== undefined) task.interrupts = task.interrupts.concat(asked);
    } else if (attribute.channel === ERROR) task.error = (await read(ERROR, attribute.value)) ?? null;
    else if (attribute.index >= 0) {
      task.writes++;
      channels.add(attribute.channel);
    }
  }
  return { ...task, channels: [...channels] };
}

const ifString = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
