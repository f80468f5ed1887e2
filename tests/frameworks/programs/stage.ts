import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { RunnableConfig } from "@langchain/core/runnables";
import {
  InMemoryStore,
  MemorySaver,
  type BaseCheckpointSaver,
  type BaseStore,
  type CheckpointTuple,
} from "@langchain/langgraph-checkpoint";
import type { StateSnapshot } from "@langchain/langgraph";
import { DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";

/** What all the programs stand on: where they keep their threads, and how a test tells them what to do. */

const env = process.env as Record<string, string>;
const isLocal = env.DYNAMODB_TABLE_NAME === undefined;

export const checkpointer: BaseCheckpointSaver = isLocal
  ? new MemorySaver()
  : DynamoDBSaver.fromEnv(env, { keyPrefix: env.KEY_PREFIX! });
export const store: BaseStore = isLocal
  ? new InMemoryStore()
  : DynamoDBStore.fromEnv(env, { keyPrefix: env.KEY_PREFIX! });

export const thread = (thread_id: string) => ({
  configurable: { thread_id },
  durability: env.DURABILITY as "sync" | "async" | "exit",
});

/** Plays the acts that the command line names, one after the other, and prints what each returns as a line of JSON. */
export async function play(acts: Record<string, () => Promise<unknown>>): Promise<void> {
  for (const name of process.argv.slice(2)) console.log(JSON.stringify({ [name]: await acts[name]!() }));
}

/** Notes something that a tool does to the world, where every process can see it. */
export const did = (what: string): void => appendFileSync(env.EFFECTS!, `${what}\n`);

/** A place where the test may want this process killed, once that is stored which must not be done again. */
export async function mayDie(place: string, isStored: () => Promise<boolean>): Promise<void> {
  if (env.DIES_IN !== place) return;
  while (!(await isStored())) await setTimeout(20);
  process.kill(process.pid, "SIGKILL");
  await setTimeout(10_000); // never more than a moment
}

/** Whether a tool's answer is stored, as a write that is pending or in a checkpoint, of the graph or of a subgraph. */
export async function hasStored(config: RunnableConfig, answer: string): Promise<boolean> {
  const { thread_id } = config.configurable as { thread_id: string };
  for await (const tuple of checkpointer.list({ configurable: { thread_id } }))
    if (JSON.stringify(tuple).includes(answer)) return true;
  return false;
}

export interface Inspectable {
  getState(config: RunnableConfig, options?: { subgraphs?: boolean }): Promise<StateSnapshot>;
  getStateHistory(config: RunnableConfig): AsyncIterable<StateSnapshot>;
}

/**
 * All that can be read of a thread: its state with that of its subgraphs, its history, and the checkpoints of every
 * namespace.
 */
export async function look(graph: Inspectable, threadId: string): Promise<unknown> {
  const history = await collect(graph.getStateHistory(thread(threadId)));
  const idsOfHistory = history.map(({ config }) => config.configurable!.checkpoint_id as string);
  const tuples = await collect(checkpointer.list({ configurable: { thread_id: threadId } }));
  const namespaces = new Set(tuples.map(namespaceOf));
  return {
    latest: describe(await graph.getState(thread(threadId), { subgraphs: true })),
    history: history.map((snapshot) => ({ ...describe(snapshot), parent: idsOfHistory.indexOf(parentOf(snapshot)!) })),
    namespaces: Array.from(namespaces, (namespace) => ({
      namespace,
      checkpoints: describeCheckpoints(tuples.filter((tuple) => namespaceOf(tuple) === namespace)),
    })),
  };
}

const namespaceOf = ({ config }: CheckpointTuple) => config.configurable!.checkpoint_ns as string;
const parentOf = ({ parentConfig }: { parentConfig?: RunnableConfig | undefined }) =>
  parentConfig?.configurable?.checkpoint_id as string | undefined;

/** Those of one namespace, newest first. A parent is given by its place among them. */
function describeCheckpoints(tuples: CheckpointTuple[]): unknown[] {
  const ids = tuples.map(({ checkpoint }) => checkpoint.id);
  return tuples.map((tuple) => {
    const { checkpoint, metadata, pendingWrites } = tuple;
    // Without the defaults of channels that nothing was written to: MemorySaver stores those in a first checkpoint too.
    const values = Object.entries(checkpoint.channel_values).filter(
      ([channel]) => channel in checkpoint.channel_versions,
    );
    // LangGraph notes there which channels it saw when a run was taken up again after a kill.
    const { __interrupt__: _, ...versions_seen } = checkpoint.versions_seen;
    const writes = pendingWrites!.map(([, channel, value]) => ({ channel, value }));
    return {
      parent: ids.indexOf(parentOf(tuple)!),
      checkpoint: { ...checkpoint, channel_values: Object.fromEntries(values), versions_seen },
      metadata,
      writes,
    };
  });
}

/** A state, with those of the subgraphs that are under way. */
export const describe = ({ values, next, tasks, metadata }: StateSnapshot): object => ({
  values: values as unknown,
  next,
  metadata,
  tasks: tasks.map(({ name, error, interrupts, state }) => ({
    name,
    error,
    interrupts,
    state: state && "values" in state ? describe(state) : undefined,
  })),
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
