import type { RunnableConfig } from "@langchain/core/runnables";
import { DynamoDBSaver, type AcquiredLease } from "langgraph-checkpoint-dynamodb";

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
  const { put, putWrites, getTuple, list, getDeltaChannelHistory, deleteThread } = saver;
  saver.put = async (config, ...rest) => put.call(saver, await leased(config), ...rest);
  saver.putWrites = async (config, ...rest) => putWrites.call(saver, await leased(config), ...rest);
  saver.getTuple = async (config) => getTuple.call(saver, await leased(config));
  saver.list = async function* (config, options) {
    yield* list.call(saver, await leased(config), options);
  };
  saver.getDeltaChannelHistory = async (options) =>
    getDeltaChannelHistory.call(saver, { ...options, config: await leased(options.config) });
  saver.deleteThread = async (threadId) => {
    await deleteThread.call(saver, threadId);
    leases.delete(threadId);
  };
  return saver;
}
