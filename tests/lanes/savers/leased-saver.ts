import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { DynamoDBSaver, type AcquiredLease } from "langgraph-checkpoint-dynamodb";
import { newPrefix } from "../stored/requests.js";
import { emptyThread, putStep, withoutLease, type Step } from "./checkpoints.js";
import { createSaver } from "./harness.js";

/** A thread `t` with one checkpoint, and what its savers share. */
export async function begunThread(): Promise<{ world: { keyPrefix: string }; one: Step }> {
  const world = { keyPrefix: newPrefix() };
  const one = await putStep(createSaver(world), emptyThread("t"), { n: 1 });
  return { world, one };
}

const shown = (tuple: CheckpointTuple): CheckpointTuple => ({
  ...tuple,
  config: withoutLease(tuple.config),
  ...(tuple.parentConfig && { parentConfig: withoutLease(tuple.parentConfig) }),
});

/**
 * A saver whose every call on a thread is made under a lease of that thread. Who calls it knows nothing of that, and
 * finds it in no config.
 */
export function underLeases(saver: DynamoDBSaver): DynamoDBSaver {
  const leases = new Map<string, Promise<AcquiredLease>>();
  const leased = async (config: RunnableConfig): Promise<RunnableConfig> => {
    const threadId = config?.configurable?.thread_id as unknown;
    if (typeof threadId !== "string" || threadId === "") return config;
    const lease = leases.get(threadId) ?? saver.acquireLease(threadId);
    leases.set(threadId, lease);
    return { ...config, configurable: { ...config.configurable, ...(await lease).configurable } };
  };
  const put = saver.put.bind(saver);
  const putWrites = saver.putWrites.bind(saver);
  const getTuple = saver.getTuple.bind(saver);
  const list = saver.list.bind(saver);
  const getDeltaChannelHistory = saver.getDeltaChannelHistory.bind(saver);
  const deleteThread = saver.deleteThread.bind(saver);
  saver.put = async (config, ...rest) => withoutLease(await put(await leased(config), ...rest));
  saver.putWrites = async (config, ...rest) => putWrites(await leased(config), ...rest);
  saver.getTuple = async (config) => {
    const tuple = await getTuple(await leased(config));
    return tuple && shown(tuple);
  };
  saver.list = async function* (config, options) {
    for await (const tuple of list(await leased(config), options)) yield shown(tuple);
  };
  saver.getDeltaChannelHistory = async (options) =>
    getDeltaChannelHistory({ ...options, config: await leased(options.config) });
  saver.deleteThread = async (threadId) => {
    await deleteThread(threadId);
    leases.delete(threadId);
  };
  return saver;
}
