import { emptyCheckpoint, MemorySaver } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { collect } from "../../lanes/savers/checkpoints.js";

/* Calls of the saver with what its types forbid. */

export const metadata = { source: "loop", step: 0, parents: {} } as const;

export const of = (configurable: unknown): never => ({ configurable }) as never;

export const thread = of({ thread_id: "t" });

export const checkpoint = of({ thread_id: "t", checkpoint_id: "c" });

export type Call = (saver: DynamoDBSaver) => Promise<unknown>;

export const put = (config: unknown, given: unknown = emptyCheckpoint()): Call => {
  return (saver) => saver.put(config as never, given as never, metadata, {});
};

export const putWrites = (config: unknown, writes: unknown = [["channel", 1]], taskId: unknown = "task"): Call => {
  return (saver) => saver.putWrites(config as never, writes as never, taskId as never);
};

export const getTuple = (config: unknown): Call => {
  return (saver) => saver.getTuple(config as never);
};

export const list = (config: unknown, options?: unknown): Call => {
  return async (saver) => {
    for await (const _ of saver.list(config as never, options as never));
  };
};

export const deleteThread = (threadId: unknown): Call => {
  return (saver) => saver.deleteThread(threadId as never);
};

export const putOf = (
  given: Record<string, unknown>,
  metadataGiven: unknown = metadata,
  newVersions: unknown = {},
): Call => {
  return (saver) => saver.put(thread, { ...emptyCheckpoint(), ...given }, metadataGiven as never, newVersions as never);
};

export const versionOf = (version: unknown): Call =>
  putOf({ channel_values: { a: 1 }, channel_versions: { a: version } }, metadata, { a: version });

export const prune = (options: unknown): Call => {
  return (saver) => saver.prune(options as never);
};

export const deleteForRuns = (runIds: unknown, options: unknown): Call => {
  return (saver) => saver.deleteForRuns(runIds as never, options as never);
};

export const importThread = (lines: unknown, options?: unknown): Call => {
  return (saver) => saver.importThread(lines as never, options as never);
};

export const importFrom = (options: unknown): Call => {
  return (saver) => saver.importFrom(new MemorySaver(), options as never);
};

export const listThreads = (options: unknown): Call => {
  return (saver) => collect(saver.listThreads(options as never));
};

export const deltaHistory = (config: unknown): Call => {
  return (saver) => saver.getDeltaChannelHistory({ config: config as never, channels: ["messages"] });
};
