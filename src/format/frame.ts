import type { Item, Key } from "../aws/dynamodb/items.js";
import { DATA, numberOf, placeOf } from "./attributes.js";
import { decodeContainer, encodeContainer } from "./container.js";
import { damaged, FormatError } from "./format-error.js";
import { idIn, PARENT, RUN } from "./id-attribute.js";
import { costOfText, costOfValue, type Meter } from "./meter.js";
import { lengthOf, type Value } from "./value.js";

/** The version of the storage format, attribute `v` of checkpoints, writes, and entries of the store and the cache. */
export const FORMAT_VERSION = 1;

/** @throws FormatError if a newer version wrote the item */
export function checkVersion(item: Item): void {
  const version = numberOf(item, "v") ?? NaN;
  if (!(Number.isSafeInteger(version) && version > 0)) throw damaged("An item has no format version");
  if (version > FORMAT_VERSION) {
    throw new FormatError(
      "UNSUPPORTED_FORMAT",
      `An item has format version ${version}, which this version does not know: upgrade langgraph-checkpoint-dynamodb`,
    );
  }
}

export interface Channel {
  /** LangGraph's version of the channel when its value was stored; `null` if it had none. */
  version: number | string | null;
  value: Value;
}

/** A checkpoint as stored: where the bytes of each of its parts are. */
export interface Frame {
  /** The checkpoint without its `channel_values` and its `id`. */
  checkpoint: Value;
  metadata: Value;
  channels: Map<string, Channel>;
  /**
   * Until when everything that this checkpoint needs is sure to be there, in seconds since 1970; Infinity: for good.
   */
  lease: number;
  /** Whether its ancestors belong to what it needs: a `DeltaChannel` is rebuilt from them. */
  needsAncestors: boolean;
  // The rest are attributes of the item, and not part of the bytes.
  /** When its item goes, in seconds since 1970. */
  goneAt: number;
  /** The incarnation of the thread that it belongs to, and its segments with it. */
  born: string;
  /** Of the lease under which it was put, or that of its parent; 0 without one. */
  token: number;
  /** The run that has put it; only as it is put. */
  run?: string | undefined;
}

export function encodeFrame({ checkpoint, metadata, channels, lease, needsAncestors }: Frame): Uint8Array {
  const names = [...channels].map(([name, { version }]) => [name, version]);
  const head = lease === Infinity ? [names] : [names, lease, Number(needsAncestors)];
  return encodeContainer(head, [checkpoint, metadata, ...[...channels.values()].map((c) => c.value)]);
}

/** @param storedBytes how long it is as it is stored @throws FormatError */
export function decodeFrame(
  bytes: Uint8Array,
  attributes: Pick<Frame, "goneAt" | "born" | "token">,
  meter?: Meter,
  storedBytes?: number,
): Frame {
  const { head, values } = decodeContainer(bytes, () => attributes.born, meter, storedBytes);
  const [checkpoint, metadata, ...channelValues] = values;
  const [names, lease = Infinity, needsAncestors = 0] = Array.isArray(head) ? (head as unknown[]) : [];
  if (
    !checkpoint ||
    !metadata ||
    !Array.isArray(names) ||
    names.length !== channelValues.length ||
    typeof lease !== "number"
  ) {
    throw damaged("A checkpoint has a frame of another shape");
  }
  const channels = new Map<string, Channel>();
  for (const [i, entry] of (names as unknown[]).entries()) {
    const [name, version] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof name !== "string" || !isVersion(version)) throw damaged("A checkpoint has a channel of another shape");
    channels.set(name, { version, value: channelValues[i]! });
  }
  return { checkpoint, metadata, channels, lease, needsAncestors: needsAncestors === 1, ...attributes };
}

/**
 * The place of a frame, with what its item says besides of where the checkpoint belongs: its parent, and the run that
 * has put it.
 */
export function framePlace(item: Key & Partial<Item>): string {
  const ids = [idIn(item, PARENT), idIn(item, RUN)];
  return placeOf(item, DATA) + (ids.some((id) => id !== undefined) ? JSON.stringify(ids) : "");
}

type Parts = Pick<Frame, "checkpoint" | "metadata" | "channels">;

export function valuesOf({ checkpoint, metadata, channels }: Parts): Value[] {
  return [checkpoint, metadata, ...[...channels.values()].map((c) => c.value)];
}

/** How long each value of a checkpoint is, in bytes. */
export function lengthsOf(parts: Parts): [channel: string, bytes: number][] {
  const names = ["(checkpoint)", "(metadata)", ...parts.channels.keys()];
  return valuesOf(parts).map((value, i) => [names[i]!, lengthOf(value)]);
}

/** Roughly what a frame takes in memory, in bytes. */
export function frameSize(frame: Frame): number {
  let size = 200;
  for (const value of valuesOf(frame)) size += costOfValue(value);
  for (const [name, { version }] of frame.channels) size += costOfText(name) + costOfText(version);
  return size;
}

const isVersion = (version: unknown): version is Channel["version"] =>
  version === null || typeof version === "number" || typeof version === "string";
