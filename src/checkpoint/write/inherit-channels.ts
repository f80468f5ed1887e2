import type { ChannelVersions, Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import type { Channel, Frame } from "../../format/frame.js";

/* Which channels a put stores, and which it takes over from the parent. */

export interface PutInput {
  threadId: string;
  ns: string;
  parentId: string | undefined;
  checkpoint: Checkpoint;
  metadata: CheckpointMetadata;
  newVersions: ChannelVersions | undefined;
  ttlSeconds: number | undefined;
  /** The run that puts it, where the caller says so. */
  runId?: string | undefined;
}

/**
 * LangGraph names the channels that changed in `newVersions`. On a fork it passes `{}`, `updateState` applies
 * pending writes without a new version, and wrappers for the older signature drop the argument: then every
 * value given is stored.
 */
function storesAllGiven({ metadata, newVersions }: PutInput): boolean {
  return newVersions === undefined || metadata.source === "fork" || metadata.source === "update";
}

/** The parent's channel, if the new checkpoint has it unchanged. */
export function inherits(input: PutInput, parent: Frame | undefined, name: string): Channel | undefined {
  if (storesAllGiven(input) || Object.hasOwn(input.newVersions!, name)) return undefined;
  const channel = parent?.channels.get(name);
  return channel && channel.version !== null && channel.version === versionOf(input.checkpoint, name)
    ? channel
    : undefined;
}

/** Whether the given value of a channel that is not inherited is stored. */
export function storesGiven(input: PutInput, name: string): boolean {
  if (storesAllGiven(input) || Object.hasOwn(input.newVersions!, name)) return true;
  // A parent that has no such version, or is gone, leaves only the given value.
  return input.parentId !== undefined;
}

export function channelNames(input: PutInput, parent: Frame | undefined): Set<string> {
  const names = new Set(Object.keys(input.checkpoint.channel_values));
  if (!storesAllGiven(input)) for (const name of parent?.channels.keys() ?? []) names.add(name);
  return names;
}

export const versionOf = ({ channel_versions }: Checkpoint, name: string): Channel["version"] =>
  Object.hasOwn(channel_versions, name) ? (channel_versions[name] ?? null) : null;
