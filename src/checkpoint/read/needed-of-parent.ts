import { deltaChannels } from "../delta-channels.js";
import type { Storage } from "../storage.js";
import { loadBody, loadMetadata } from "./load.js";
import type { StoredCheckpoint } from "./open.js";
import { SENDS } from "./tuple.js";

/**
 * The channels that are rebuilt from a checkpoint's parent; `undefined` where it needs nothing of that one. Checkpoints
 * before format 4 take their sends from the parent's writes.
 */
export async function neededOfParent(storage: Storage, stored: StoredCheckpoint): Promise<string[] | undefined> {
  const { thread, frame } = stored;
  const segments = await storage.segments.load(thread.partition, [frame.checkpoint, frame.metadata]);
  const [{ v }, metadata] = await Promise.all([
    loadBody(storage, stored, segments),
    loadMetadata(storage, stored, segments),
  ]);
  const channels = [...(v < 4 ? [SENDS] : []), ...deltaChannels(metadata, frame)];
  return channels.length > 0 ? channels : undefined;
}
