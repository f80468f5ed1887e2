import type { RawItem } from "./raw-table.js";
import { bornOf, bornOfWrites } from "./sort-keys.js";

/**
 * As much of the storage format as a test needs to see what a stored checkpoint refers to. Uncompressed and not
 * encrypted.
 */
export interface StoredFrame {
  channels: string[];
  /**
   * The segments as their sort keys call them, channel by channel; those of the checkpoint's body and metadata under
   * `""`.
   */
  segments: Map<string, string[]>;
}

/** What a checkpoint's item says. */
export function frameOf(item: RawItem): StoredFrame {
  const { head, segments } = containerOf(item, "data", bornOf(item));
  const channels = (head as [[string, unknown][]])[0].map(([name]) => name);
  const [body = [], metadata = [], ...values] = segments;
  return {
    channels,
    segments: new Map([
      ["", [...body, ...metadata]],
      ...channels.map((name, i): [string, string[]] => [name, values[i]!]),
    ]),
  };
}

/** The segments, as their sort keys call them, that the writes of a task refer to, all or those to one channel. */
export function segmentsOfWrites(item: RawItem, channel?: string): string[] {
  const containers = Object.keys(item)
    .filter((name) => /^w-?\d+$/.test(name))
    .map((name) => containerOf(item, name, bornOfWrites(item)));
  return containers
    .filter(({ head }) => channel === undefined || [head].flat()[0] === channel)
    .flatMap(({ segments }) => segments.flat());
}

/** When an item goes, in seconds since 1970. */
export const goneAt = (item: RawItem): number => (item.ttl ? Number(item.ttl.N) : Infinity);

/** When a checkpoint ends for readers: its item can stay longer, for others that are rebuilt from it. */
export const endOf = (item: RawItem): number => Math.min(goneAt(item), item.ends ? Number(item.ends.N) : Infinity);

export function bytesOf(item: RawItem, attribute: string): Uint8Array {
  return Uint8Array.from(atob(item[attribute]!.B!), (sign) => sign.charCodeAt(0));
}

/** Parsed once, because a test that follows a thread sees the same ones again and again. */
const containers = new Map<string, Container>();
interface Container {
  head: unknown;
  segments: string[][];
}

/** @param born the incarnation of the segments; that of a write whose key names none stands in its head */
function containerOf(item: RawItem, attribute: string, born?: string): Container {
  const text = `${born} ${item[attribute]!.B!}`;
  const container = containers.get(text) ?? parse(bytesOf(item, attribute), born);
  containers.set(text, container);
  return container;
}

function parse(stored: Uint8Array, born?: string): Container {
  if (stored[0] !== 0) throw new Error("This can only read what is not compressed.");
  const bytes = stored.slice(1);
  const end = 4 + new DataView(bytes.buffer).getUint32(0);
  const [head, entries] = JSON.parse(new TextDecoder().decode(bytes.subarray(4, end))) as [
    unknown,
    [string, number, ...number[]][],
  ];
  let at = end;
  const segments = entries.map(([, , ...lengths]) =>
    lengths.map(() => `${born ?? (head as [string, string])[1]}#${base64Url(bytes.subarray(at, (at += 32)))}`),
  );
  return { head, segments };
}

export const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
