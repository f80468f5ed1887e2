import type { Channel, Frame } from "../../format/frame.js";
import { channelPlace, serialized, type Serialized } from "../../format/serde/serialized.js";
import type { Storage } from "../storage.js";
import { divide, shortenTail, TAIL_MARGIN_BYTES, type SegmentPlan } from "../../format/divide-value.js";
import type { Value } from "../../format/value.js";
import { channelNames, inherits, storesGiven, versionOf, type PutInput } from "./inherit-channels.js";

/* The parts of a checkpoint, which are its body, its metadata and its channels, become segments and tails. */

/** Inline bytes of one item, before compression. What is over moves into segments, the longest tails first. */
const MAX_INLINE_BYTES = 64 * 1_024;
/**
 * The checkpoint without its values and the metadata change from their beginning at every step: a segment of
 * theirs would never be used again, so they stay inline much longer than a channel's tail.
 */
const BODY = { maxTail: 16 * 1_024 };

/** Divides what is stored into segments and tails, and takes the rest over from the parent. */
export async function divideParts(
  input: PutInput,
  { body, metadata, given }: SerializedParts,
  parent: Frame | undefined,
  plan: SegmentPlan,
): Promise<Pick<Frame, "checkpoint" | "metadata" | "channels">> {
  const channels = new Map<string, Channel>();
  for (const name of channelNames(input, parent)) {
    const inherited = inherits(input, parent, name);
    const bytes = given.get(name);
    if (inherited) channels.set(name, inherited);
    else if (bytes) {
      const value = await divide(bytes.type, bytes.bytes, parent?.channels.get(name)?.value, plan);
      channels.set(name, { version: versionOf(input.checkpoint, name), value });
    }
  }
  return {
    checkpoint: await divide(body.type, body.bytes, parent?.checkpoint, plan, BODY),
    metadata: await divide(metadata.type, metadata.bytes, parent?.metadata, plan, BODY),
    channels,
  };
}

/** What may be stored, as the serde gave it. */
export interface SerializedParts {
  body: Serialized;
  metadata: Serialized;
  /** Channels by name. */
  given: Map<string, Serialized>;
}

/** Calls the serde for everything that may be stored, before anything is awaited. */
export async function serializeParts(
  { serde }: Storage,
  input: PutInput,
  parent: Frame | undefined,
): Promise<SerializedParts> {
  // The id is in the item's key, and too random to be compressed.
  const { channel_values, id: _, ...body } = input.checkpoint;
  const wanted = Object.keys(channel_values).filter(
    (name) => storesGiven(input, name) && !inherits(input, parent, name),
  );
  const [dumpedBody, metadata, ...channels] = await Promise.all([
    serialized(serde, body, "the checkpoint"),
    serialized(serde, input.metadata, "the metadata"),
    ...wanted.map((name) => serialized(serde, channel_values[name], channelPlace(name))),
  ]);
  return { body: dumpedBody, metadata, given: new Map(wanted.map((name, i) => [name, channels[i]!])) };
}

/** Moves the longest tails into segments until what stands inline fits. */
export async function makeRoom(
  frame: Frame,
  parent: Frame | undefined,
  source: SerializedParts,
  plan: SegmentPlan,
): Promise<void> {
  interface Slot {
    value: Value;
    bytes: Uint8Array | undefined;
    parent: Value | undefined;
    set(value: Value): void;
  }
  const slots: Slot[] = [
    {
      value: frame.checkpoint,
      bytes: source.body.bytes,
      parent: parent?.checkpoint,
      set: (v) => (frame.checkpoint = v),
    },
    { value: frame.metadata, bytes: source.metadata.bytes, parent: parent?.metadata, set: (v) => (frame.metadata = v) },
    ...[...frame.channels].map(([name, channel]): Slot => ({
      value: channel.value,
      bytes: source.given.get(name)?.bytes,
      parent: parent?.channels.get(name)?.value,
      set: (value) => frame.channels.set(name, { version: channel.version, value }),
    })),
  ];
  let inline = slots.reduce((sum, slot) => sum + slot.value.tail.length, 0);
  if (inline <= MAX_INLINE_BYTES) return;
  for (const slot of slots.sort((a, b) => b.value.tail.length - a.value.tail.length)) {
    if (inline <= MAX_INLINE_BYTES || slot.value.tail.length <= TAIL_MARGIN_BYTES) return;
    const shorter = slot.bytes
      ? await divide(slot.value.type, slot.bytes, slot.parent, plan, { maxTail: TAIL_MARGIN_BYTES })
      : await shortenTail(slot.value, plan);
    inline -= slot.value.tail.length - shorter.tail.length;
    slot.set(shorter);
  }
}
