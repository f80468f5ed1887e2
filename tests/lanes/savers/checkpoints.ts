import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  BaseCheckpointSaver,
  ChannelVersions,
  Checkpoint,
  CheckpointMetadata,
  CheckpointTuple,
} from "@langchain/langgraph-checkpoint";

/** A checkpoint that was put, with what LangGraph knows of it when it makes the next one. */
export interface Step {
  config: RunnableConfig;
  checkpoint: Checkpoint;
}

export interface StepOptions {
  id?: string;
  metadata?: Record<string, unknown>;
  /** What `put` is told has changed. Default: the channels that did. */
  newVersions?: ChannelVersions | undefined;
}

let lastId = 0;

/** Ids that rise in the order in which they are made, in the shape of LangGraph's own. */
export function nextId(): string {
  return `1f0a0000-0000-6000-8000-${String((lastId += 1)).padStart(12, "0")}`;
}

/** One that LangGraph makes at that time, in milliseconds since 1970. */
export function idAt(ms: number): string {
  const hex = (BigInt(Math.floor(ms)) * 10_000n + 0x01b21dd213814000n).toString(16).padStart(15, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-6${hex.slice(12)}-8000-000000000000`;
}

/** The place before a thread's first checkpoint. */
export function emptyThread(threadId: string = crypto.randomUUID(), ns = ""): Step {
  return {
    config: { configurable: { thread_id: threadId, checkpoint_ns: ns } },
    checkpoint: makeCheckpoint({}, {}),
  };
}

export function makeCheckpoint(values: Record<string, unknown>, versions: ChannelVersions, id = nextId()): Checkpoint {
  return {
    v: 4,
    id,
    ts: "2026-01-01T00:00:00.000Z",
    channel_values: values,
    channel_versions: versions,
    versions_seen: {},
  };
}

export const metadataOf = (source: CheckpointMetadata["source"], step = 0): CheckpointMetadata => ({
  source,
  step,
  parents: {},
});

/** Puts a superstep that changed `changes`, as LangGraph's loop does. Calling it twice on one parent makes a fork. */
export async function putStep(
  saver: BaseCheckpointSaver,
  parent: Step,
  changes: Record<string, unknown>,
  { id, metadata, ...options }: StepOptions = {},
): Promise<Step> {
  const changed = Object.keys(changes);
  const versions = new Map(Object.entries(parent.checkpoint.channel_versions));
  for (const name of changed) versions.set(name, ((versions.get(name) as number | undefined) ?? 0) + 1);
  // `fromEntries` and spreads define properties, so a channel named __proto__ is only a name.
  const checkpoint = makeCheckpoint(
    { ...parent.checkpoint.channel_values, ...changes },
    Object.fromEntries(versions),
    id,
  );
  const newVersions =
    "newVersions" in options
      ? options.newVersions
      : Object.fromEntries(changed.map((name) => [name, versions.get(name)!]));
  const config = await saver.put(
    parent.config,
    checkpoint,
    { ...metadataOf("loop"), ...metadata },
    newVersions as ChannelVersions,
  );
  return { config: withoutLease(config), checkpoint };
}

/** A config as a saver gives it where the call has no lease: who goes on under one says so. */
export function withoutLease(config: RunnableConfig): RunnableConfig {
  const { lease: _, ...configurable } = config.configurable ?? {};
  return { ...config, configurable };
}

/** Puts one superstep after the other. Returns them all. */
export async function putChain(
  saver: BaseCheckpointSaver,
  start: Step,
  changes: Iterable<Record<string, unknown>>,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const change of changes) steps.push(await putStep(saver, steps.at(-1) ?? start, change));
  return steps;
}

/** The config of a thread's latest checkpoint in a namespace. */
export const latestOf = ({ config }: Step): RunnableConfig => ({
  configurable: { ...config.configurable, checkpoint_id: undefined },
});

export const threadIdOf = ({ config }: Step): string => config.configurable!.thread_id as string;

export async function valuesAt(
  saver: BaseCheckpointSaver,
  config: RunnableConfig,
): Promise<Record<string, unknown> | undefined> {
  return (await saver.getTuple(config))?.checkpoint.channel_values;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export const idsOf = (tuples: CheckpointTuple[]): string[] =>
  tuples.map((tuple) => tuple.config.configurable!.checkpoint_id as string);

/** Bytes that no compression makes shorter, the same at every run. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = seed; i < length; i++) {
    state ^= state << 13; // xorshift32
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 255;
  }
  return bytes;
}

/** Letters that compress little. */
export function noiseText(length: number, seed = 1): string {
  return Array.from(noise(length, seed), (byte) => String.fromCharCode(97 + (byte % 26))).join("");
}

/** For large values: where they differ, `toEqual` works on its explanation for minutes. */
export function sameBytes(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** As {@link sameBytes}, for large JSON. */
export const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
