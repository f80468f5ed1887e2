import { ERROR } from "@langchain/langgraph-checkpoint";
import { isDynamoDBSaverError, type DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import {
  collect,
  emptyThread,
  latestOf,
  makeCheckpoint,
  metadataOf,
  noise,
  putStep,
  type Step,
} from "../savers/checkpoints.js";
import { createSaver, type SaverOptions } from "../savers/harness.js";
import { itemsWithPrefix, type RawItem } from "../stored/raw-table.js";
import { newPrefix } from "../stored/requests.js";

/** A thread with everything that a thread can have, for hostile changes to be made to. */
export interface HostileWorld {
  options: Partial<SaverOptions>;
  /** Every item, those of the index included. */
  items: RawItem[];
  steps: Step[];
}

export const THREAD = "t";
/** Stands in every value, so that one that shows where it should not is found. */
export const PAYLOAD = "Zebracorn";

const counted = (n: number): Record<string, unknown> => ({
  said: PAYLOAD,
  counters_since_delta_snapshot: { log: [n, n] },
});

export async function makeHostileWorld(overrides: Partial<SaverOptions> = {}): Promise<HostileWorld> {
  const keyPrefix = newPrefix();
  const options = { ...overrides, keyPrefix };
  const saver = createSaver(options);
  const root = emptyThread(THREAD);
  const one = await putStep(
    saver,
    root,
    { document: noise(3_000), notes: `${PAYLOAD} 1`, list: [PAYLOAD, { deep: [PAYLOAD] }] },
    { metadata: counted(0) },
  );
  await saver.putWrites(
    one.config,
    [
      ["log", { said: PAYLOAD }],
      ["__pregel_tasks", { node: "a", args: PAYLOAD }],
      [ERROR, `${PAYLOAD} failed`],
    ],
    "task-a",
    "~a",
  );
  // Before format 4: the sends of its parent's tasks are looked up.
  const two = await putOldStep(saver, one);
  await saver.putWrites(
    two.config,
    [
      ["log", noise(2_000, 2)],
      ["log", PAYLOAD],
    ],
    "task-b",
  );
  const three = await putStep(saver, two, { notes: `${PAYLOAD} 3`, document: noise(3_500) }, { metadata: counted(2) });
  await saver.putWrites(
    three.config,
    Array.from({ length: 120 }, (_, i) => ["log", `${PAYLOAD} ${i}`] as [string, unknown]),
    "task-many",
  );
  const four = await putStep(saver, three, { notes: `${PAYLOAD} 4` }, { metadata: counted(3) });
  // Ids that are shortened in keys and whole in attributes.
  const inner = emptyThread(THREAD, "sub:".repeat(200));
  const five = await putStep(saver, inner, { notes: PAYLOAD }, { id: "x".repeat(300) });
  await saver.putWrites(five.config, [["notes", PAYLOAD]], "task".repeat(100));
  return { options, items: await itemsWithPrefix(keyPrefix), steps: [one, two, three, four, five] };
}

async function putOldStep(saver: DynamoDBSaver, parent: Step): Promise<Step> {
  const checkpoint = {
    ...makeCheckpoint(
      { ...parent.checkpoint.channel_values, notes: `${PAYLOAD} 2` },
      { ...parent.checkpoint.channel_versions, notes: 2 },
    ),
    v: 3,
  };
  const config = await saver.put(parent.config, checkpoint, { ...metadataOf("loop", 1), ...counted(1) }, { notes: 2 });
  return { config, checkpoint };
}

/** Every way in which stored data is read, each with a saver that has cached nothing. */
export const CALLS: Record<string, (saver: DynamoDBSaver, world: HostileWorld) => Promise<unknown>> = {
  "getTuple of the latest": (saver, { steps }) => saver.getTuple(latestOf(steps[0]!)),
  "getTuple of each": async (saver, { steps }) => {
    const ends = await Promise.allSettled(steps.map(({ config }) => saver.getTuple(config)));
    for (const end of ends) if (end.status === "rejected") judge(end.reason);
    return ends.map((end) => end.status === "fulfilled" && end.value);
  },
  "getTuple of the latest in a subgraph": (saver, { steps }) => saver.getTuple(latestOf(steps.at(-1)!)),
  "list of the thread": (saver) => collect(saver.list({ configurable: { thread_id: THREAD } })),
  "list with a filter": (saver) =>
    collect(saver.list({ configurable: { thread_id: THREAD } }, { filter: { said: PAYLOAD } })),
  "list with a limit": (saver, { steps }) =>
    collect(saver.list(latestOf(steps[0]!), { limit: 2, before: steps[3]!.config })),
  "list of everything": (saver) => collect(saver.list({})),
  listThreads: (saver) => collect(saver.listThreads()),
  getDeltaChannelHistory: (saver, { steps }) =>
    saver.getDeltaChannelHistory({ config: steps[3]!.config, channels: ["log", "notes"] }),
  "getDeltaChannelHistory after getTuple": async (saver, { steps }) => {
    await saver.getTuple(latestOf(steps[0]!)).catch(judge);
    return saver.getDeltaChannelHistory({ config: latestOf(steps[0]!), channels: ["log"] });
  },
  "put of a child": (saver, { steps }) => putStep(saver, steps[3]!, { notes: `${PAYLOAD} 5`, document: noise(5_000) }),
  "put of a child after getTuple": async (saver, { steps }) => {
    await saver.getTuple(steps[2]!.config).catch(judge);
    return putStep(saver, steps[2]!, { notes: `${PAYLOAD} 5` }, { metadata: counted(3) });
  },
  "put of a child with a ttl": (saver, { steps }) =>
    saver.put(
      { configurable: { ...steps[3]!.config.configurable, ttl_seconds: 3_600 } },
      makeCheckpoint({}, { log: 2 }),
      { ...metadataOf("loop", 5), ...counted(4) },
      {},
    ),
  "putWrites once more": (saver, { steps }) =>
    saver.putWrites(
      steps[2]!.config,
      Array.from({ length: 130 }, (_, i) => ["log", i] as [string, unknown]),
      "task-many",
    ),
  deleteThread: (saver) => saver.deleteThread(THREAD),
};

const DATA_CODES = new Set([
  "MISSING_DATA",
  "DAMAGED_DATA",
  "UNSUPPORTED_FORMAT",
  "VALUE_TOO_LARGE",
  "DECRYPTION_FAILED",
  "PLAINTEXT_REFUSED",
]);

/**
 * That a call failed as it may on such data: with an error of ours that shows nothing of what is stored.
 * @throws otherwise
 */
export function judge(error: unknown): void {
  const shown = JSON.stringify(allOf(error));
  if (shown.includes(PAYLOAD)) throw new Error(`An error shows a stored value: ${shown}`, { cause: error });
  if (isDynamoDBSaverError(error) && DATA_CODES.has(error.code)) return;
  // Lengths below zero mean S3, which is not configured here.
  if (isDynamoDBSaverError(error) && error.code === "INVALID_CONFIG" && error.message.startsWith("A value lies in S3."))
    return;
  throw error;
}

/** Everything of an error but where in our code it was. */
function allOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const own = Object.getOwnPropertyNames(error).filter((name) => name !== "stack" && name !== "cause");
  return [
    String(error),
    own.map((name) => [name, (error as unknown as Record<string, unknown>)[name]]),
    error.cause && allOf(error.cause),
  ];
}
