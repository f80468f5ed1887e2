import { toBase64 } from "../../aws/base64.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { binaryOf, DATA, numberOf } from "../../format/attributes.js";
import { placeOf } from "../../format/attributes.js";
import type { Codec } from "../../format/codec.js";
import { FormatError } from "../../format/format-error.js";
import { isBorn, key } from "../../format/keys.js";
import { TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { ITEMS } from "../namespaces.js";
import { UPDATED } from "./attributes.js";

/*
 * Sketches of an entry's vectors: small items that a search by meaning reads instead of all entries. A sketch belongs
 * to one version of an entry, as its segments do: it is written before the version, and deleted with it. It says when
 * that was put, so that those which look alike have an order before the entries are read.
 */

export const SKETCHES = "V#";

/** What is longer is not kept, nor unpacked: such an entry is compared by each search. In bytes. */
const MAX_BYTES = 300 * 1_024;

export const sketchKey = ({ PK, SK }: Key, born: string): Key =>
  key(PK.S, `${SKETCHES}${born}#${SK.S.slice(ITEMS.length)}`);

/** The entry that a sketch is of; `undefined` for what only looks like one. */
export function sketchedEntry({ PK, SK }: Key): Key | undefined {
  const end = SK.S.indexOf("#", SKETCHES.length);
  if (end < 0 || !isBorn(SK.S.slice(SKETCHES.length, end))) return undefined;
  return key(PK.S, ITEMS + SK.S.slice(end + 1));
}

/** @param stamp when its version is put, in microseconds since 1970 */
export async function sketchItem(
  codec: Codec,
  entryKey: Key,
  born: string,
  bytes: Uint8Array,
  stamp: number,
): Promise<Item> {
  const place = sketchKey(entryKey, born);
  const kept = bytes.length <= MAX_BYTES ? bytes : new Uint8Array();
  return {
    ...place,
    [DATA]: { B: toBase64(await codec.encode(kept, placeOf(place, DATA))) },
    [UPDATED]: { N: String(stamp) },
  };
}

/** When the version of a sketch was put, in microseconds since 1970. */
export const sketchedAt = (sketch: Item): number => numberOf(sketch, UPDATED) ?? 0;

/** What {@link sketchedEntry}, {@link sketchOf} and {@link sketchedAt} read. */
export const SKETCHED = ["PK", "SK", DATA, UPDATED, TTL_ATTRIBUTE];

/** The bytes of a sketch; `undefined` for one that is not kept, or is damaged: its entry has to be compared. */
export async function sketchOf(codec: Codec, item: Item): Promise<Uint8Array | undefined> {
  try {
    const bytes = await codec.decode(binaryOf(item, DATA), placeOf(item, DATA), MAX_BYTES);
    return bytes.length > 0 ? bytes : undefined;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
