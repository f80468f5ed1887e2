import type { ChannelVersions, Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { invalidInput } from "../../errors.js";
import { classOf } from "../../format/serde/arguments.js";
import { isBody, isMetadata } from "../parts.js";
import type { PutInput } from "./inherit-channels.js";

/**
 * What is given to `put`, with what may be left out.
 * @throws DynamoDBSaverError `INVALID_INPUT` if it could not be read back
 */
export function partsGiven(
  checkpoint: Checkpoint,
  metadata: CheckpointMetadata | undefined,
  newVersions: ChannelVersions | undefined,
): Pick<PutInput, "checkpoint" | "metadata" | "newVersions"> {
  // Checkpoints of old versions can lack these.
  const channel_values = record("checkpoint.channel_values", checkpoint.channel_values);
  const channel_versions = record("checkpoint.channel_versions", checkpoint.channel_versions) as ChannelVersions;
  for (const [name, version] of Object.entries<unknown>(channel_versions)) {
    if (version !== null && version !== undefined && typeof version !== "string" && !Number.isFinite(version)) {
      throw invalidInput(`The version of channel ${JSON.stringify(name)} must be a number or a string.`);
    }
  }
  if (!isBody({ ...checkpoint, channel_versions: undefined })) {
    throw invalidInput(
      "checkpoint.v must be a number, ts a string, and what nodes have seen objects with numbers and strings.",
    );
  }
  const given = record("metadata", metadata);
  if (!isMetadata(given)) throw invalidInput("metadata.counters_since_delta_snapshot must be a plain object.");
  return {
    checkpoint: { ...checkpoint, channel_values, channel_versions },
    metadata: given,
    newVersions:
      (newVersions ?? undefined) === undefined ? undefined : (record("newVersions", newVersions) as ChannelVersions),
  };
}

/** An object with names, which is read back as one. */
function record(name: string, value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (
    typeof value === "object" &&
    classOf(value) === "Object" &&
    typeof (value as { toJSON?: unknown }).toJSON !== "function"
  )
    return value as Record<string, unknown>;
  throw invalidInput(`${name} must be a plain object.`);
}
