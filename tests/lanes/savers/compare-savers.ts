import { MemorySaver, type BaseCheckpointSaver, type Checkpoint } from "@langchain/langgraph-checkpoint";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { StateSnapshot } from "@langchain/langgraph";
import { expect } from "vitest";
import { collect } from "./checkpoints.js";
import { createSaver } from "./harness.js";
import { newPrefix } from "../stored/requests.js";

/** Every graph here runs in this thread. */
export const THREAD = { configurable: { thread_id: "1" } };

/** What of a compiled graph is compared. */
export interface Inspectable {
  getState(config: RunnableConfig, options?: { subgraphs?: boolean }): Promise<StateSnapshot>;
  getStateHistory(config: RunnableConfig): AsyncIterable<StateSnapshot>;
}

/** Gives the saver of the next step: always the same one, or each time another instance that has nothing cached. */
export type NextSaver = () => BaseCheckpointSaver;

/** A program returns the graph whose thread is to be compared, and what it saw on its way. */
export type Program = (saver: NextSaver) => Promise<{ graph: Inspectable; seen?: unknown }>;

/** Runs a program on MemorySaver and on ours, and expects the same history, states and checkpoints. */
export async function expectSameAsMemorySaver(
  program: Program,
  instances: "warm" | "cold",
  { checkpoints = true } = {},
): Promise<void> {
  const memory = new MemorySaver();
  const keyPrefix = newPrefix();
  const dynamodb = createSaver({ keyPrefix });
  const expected = await program(() => memory);
  const actual = await program(() => (instances === "warm" ? dynamodb : createSaver({ keyPrefix })));

  expect(await describeThread(actual, dynamodb)).toEqual(await describeThread(expected, memory));
  if (!checkpoints) return;
  expect(await describeEachState(actual, dynamodb)).toEqual(await describeEachState(expected, memory));
  expect(await describeCheckpoints(dynamodb)).toEqual(await describeCheckpoints(memory));
}

async function describeThread(
  { graph, seen }: Awaited<ReturnType<Program>>,
  saver: BaseCheckpointSaver,
): Promise<unknown> {
  const history = await collect(graph.getStateHistory(THREAD));
  const latest = await graph.getState(THREAD, { subgraphs: true });
  return comparable(
    { seen, latest: describeSnapshot(latest), history: history.map(describeSnapshot) },
    await nameCheckpoints(saver),
  );
}

/** As `getState` gives each checkpoint by its id. */
async function describeEachState(
  { graph }: Awaited<ReturnType<Program>>,
  saver: BaseCheckpointSaver,
): Promise<unknown> {
  const names = await nameCheckpoints(saver);
  const states = [];
  for (const checkpoint_id of names.keys())
    states.push(await graph.getState({ configurable: { ...THREAD.configurable, checkpoint_id } }, { subgraphs: true }));
  return comparable(states.map(describeSnapshot), names);
}

function describeSnapshot({ values, next, metadata, config, parentConfig, tasks }: StateSnapshot): unknown {
  return {
    id: config.configurable?.checkpoint_id as unknown,
    parent: parentConfig?.configurable?.checkpoint_id as unknown,
    values: values as unknown,
    next,
    metadata,
    tasks: tasks.map(({ name, error, interrupts, state }) => ({
      name,
      failed: error !== undefined,
      interrupts: interrupts.map(({ value }) => value as unknown),
      state: state && "values" in state ? describeSnapshot(state) : undefined,
    })),
  };
}

/** The checkpoints themselves, of all namespaces. */
async function describeCheckpoints(saver: BaseCheckpointSaver): Promise<unknown> {
  const tuples = await collect(saver.list(THREAD));
  const described = tuples.map(({ config, parentConfig, checkpoint, metadata, pendingWrites }) => ({
    ns: config.configurable?.checkpoint_ns as string,
    parent: parentConfig?.configurable?.checkpoint_id as unknown,
    checkpoint: { ...checkpoint, channel_values: writtenValues(checkpoint) },
    metadata,
    writes: pendingWrites!.map(([, channel, value]) => ({ channel, value })),
  }));
  const sorted = comparable(described, await nameCheckpoints(saver)) as typeof described;
  // Tasks have random ids, and with them their order.
  for (const { writes } of sorted) writes.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return sorted.sort((a, b) => (a.checkpoint.id < b.checkpoint.id ? -1 : 1));
}

/** Without the defaults of channels that nothing was written to: MemorySaver stores those in a first checkpoint too. */
function writtenValues({ channel_values, channel_versions }: Checkpoint): Record<string, unknown> {
  return Object.fromEntries(Object.entries(channel_values).filter(([name]) => name in channel_versions));
}

/** Names that are the same in both runs: ids rise with time, so a checkpoint is known by its position. */
async function nameCheckpoints(saver: BaseCheckpointSaver): Promise<Map<string, string>> {
  const ids = (await collect(saver.list(THREAD))).map(({ checkpoint }) => checkpoint.id).toSorted();
  return new Map(ids.map((id, position) => [id, `checkpoint ${String(position).padStart(4, "0")}`]));
}

/** Plain data, without the ids and times that differ between two runs. */
function comparable(value: unknown, names: Map<string, string>): unknown {
  const text = JSON.stringify(value)
    .replace(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, (id) => names.get(id) ?? "(id)")
    .replace(/\b[0-9a-f]{32}\b/g, "(id)")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "(time)");
  return JSON.parse(text) as unknown;
}
