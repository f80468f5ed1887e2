import type { CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import type { Frame } from "../format/frame.js";

/**
 * The channels that LangGraph rebuilds from earlier writes: those it counts the steps of since their last snapshot,
 * unless the checkpoint has that snapshot itself.
 */
export function deltaChannels(metadata: CheckpointMetadata, { channels }: Pick<Frame, "channels">): string[] {
  return Object.keys(metadata.counters_since_delta_snapshot ?? {}).filter((name) => !channels.has(name));
}
