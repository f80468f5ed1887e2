import type { RunnableConfig } from "@langchain/core/runnables";
import { DynamoDBSaver, type AcquiredLease } from "langgraph-checkpoint-dynamodb";
import { newPrefix } from "../stored/requests.js";
import { emptyThread, putStep, type Step } from "./checkpoints.js";
import { createSaver } from "./harness.js";

/** A thread `t` with one checkpoint, and what its savers share. */
export async function begunThread(): Promise<{ world: { keyPrefix: string }; one: Step }> {
  const world = { keyPrefix: newPrefix() };
  const one = await putStep(createSaver(world), emptyThread("t"), { n: 1 });
  return { world, one };
}

/** A saver whose every call on a thread is made under a lease of that thread. */
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
  saver.put = async (config, ...rest) => put(await leased(config), ...rest);
  saver.putWrites = async (config, ...rest) => putWrites(await leased(config), ...rest);
  saver.getTuple = async (config) => getTuple(await leased(config));
  saver.list = async function* (config, options) {
    yield* list(await leased(config), options);
  };
  saver.getDeltaChannelHistory = async (options) =>
    getDeltaChannelHistory({ ...options, config: await leased(options.config) });
  saver.deleteThread = async (threadId) => {
    await deleteThread(threadId);
    leases.delete(threadId);
  };
  return saver;
}
