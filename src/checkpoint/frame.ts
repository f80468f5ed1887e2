import { decodeContainer, encodeContainer } from "./container.js";
import { damaged } from "./format-error.js";
import type { Value } from "./value.js";

/** The version of the storage format, attribute `v` of checkpoints and writes. */
export const FORMAT_VERSION = 1;

export interface Channel {
  /** LangGraph's version of the channel when its value was stored; `null` if it had none. */
  version: number | string | null;
  value: Value;
}

/** A checkpoint as stored: where the bytes of each of its parts are. */
export interface Frame {
  /** The checkpoint without its `channel_values`. */
  checkpoint: Value;
  metadata: Value;
  channels: Map<string, Channel>;
}

export function encodeFrame({ checkpoint, metadata, channels }: Frame): Uint8Array {
  const head = [...channels].map(([name, { version }]) => [name, version]);
  return encodeContainer(head, [checkpoint, metadata, ...[...channels.values()].map((c) => c.value)]);
}

/** @throws FormatError */
export function decodeFrame(bytes: Uint8Array): Frame {
  const { head, values } = decodeContainer(bytes);
  const [checkpoint, metadata, ...channelValues] = values;
  if (!checkpoint || !metadata || !Array.isArray(head) || head.length !== channelValues.length) {
    throw damaged("A checkpoint has a frame of another shape");
  }
  const channels = new Map<string, Channel>();
  for (const [i, entry] of (head as unknown[]).entries()) {
    const [name, version] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof name !== "string" || !isVersion(version)) throw damaged("A checkpoint has a channel of another shape");
    channels.set(name, { version, value: channelValues[i]! });
  }
  return { checkpoint, metadata, channels };
}

export function valuesOf(frame: Frame): Value[] {
  return [frame.checkpoint, frame.metadata, ...[...frame.channels.values()].map((c) => c.value)];
}

/** Roughly what a frame takes in memory, in bytes. */
export function frameSize(frame: Frame): number {
  let size = 200;
  for (const value of valuesOf(frame)) size += 200 + value.tail.length + value.segments.length * 150;
  return size;
}

const isVersion = (version: unknown): version is Channel["version"] =>
  version === null || typeof version === "number" || typeof version === "string";
