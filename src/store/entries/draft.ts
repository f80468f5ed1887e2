import { toBase64 } from "../../aws/base64.js";
import type { Item, Key } from "../../aws/dynamodb/items.js";
import { newIncarnation } from "../../format/keys.js";
import { DATA } from "../../format/attributes.js";
import { placeOf } from "../../format/attributes.js";
import { encodeContainer } from "../../format/container.js";
import { FORMAT_VERSION } from "../../format/frame.js";
import type { Serialized } from "../../format/serde/serialized.js";
import { divide } from "../../format/divide-value.js";
import type { Value } from "../../format/value.js";
import type { Backend } from "../../payload/backend.js";
import { ENDS, type Lifetime } from "../../payload/lifetime.js";
import { NewSegments } from "../../payload/segment-writes.js";
import { BORN, LIFE, UPDATED, VECTORS, type Attributes } from "./attributes.js";
import type { Call } from "./calls.js";
import { sketchItem } from "./sketches.js";

/**
 * What stands in the item, in bytes before compression; what is longer goes into segments. A search reads all of it. An
 * entry that has segments or a sketch is short, because it is written once more when they are deleted.
 */
const MAX_INLINE = { value: 64 * 1_024, vectors: 1_024, valueBesideSegments: 2 * 1_024 };

/** What an entry is to be. */
export interface EntryInput {
  call: Call;
  value: Serialized;
  /** All vectors, one after the other; their type says how many numbers each has. */
  vectors?: Serialized | undefined;
  /** Of the vectors. */
  sketch?: Uint8Array | undefined;
  /** Of texts that are too long for a key. */
  whole?: string | undefined;
  life: Lifetime | undefined;
}

/** An entry, but for what it takes over from what it replaces. */
export interface Draft {
  attributes: Attributes;
  plan: NewSegments;
  /** What is stored beside the segments: the sketch. */
  beside: Item[];
}

export async function draftOf(
  backend: Backend,
  entryKey: Key,
  { call, value, vectors, sketch, whole, life }: EntryInput,
): Promise<Draft> {
  const plan = new NewSegments(backend, entryKey.PK.S, newIncarnation(), life);
  const maxTail = vectors ? MAX_INLINE.valueBesideSegments : MAX_INLINE.value;
  const parts: [attribute: string, part: Value][] = [
    [DATA, await divide(value.type, value.bytes, undefined, plan, { maxTail })],
  ];
  if (vectors) {
    const areApart = vectors.bytes.length > MAX_INLINE.vectors;
    parts.push([VECTORS, areApart ? await apart(vectors, plan) : { ...vectors, segments: [], tail: vectors.bytes }]);
  }
  const beside = sketch ? [await sketchItem(backend.codec, entryKey, plan.born, sketch, call.stamp)] : [];
  const born = plan.segments.size + beside.length > 0 ? plan.born : undefined;
  const attributes: Attributes = {
    ...(born !== undefined && { [BORN]: { S: born } }),
    ...(whole !== undefined && { whole: { S: whole } }),
    ...(life && { [LIFE]: { N: String(life.ttlSeconds) }, [ENDS]: { N: String(life.needed) } }),
    [UPDATED]: { N: String(call.stamp) },
    v: { N: String(FORMAT_VERSION) },
  };
  for (const [attribute, part] of parts) {
    const bytes = encodeContainer([born ?? ""], [part]);
    attributes[attribute] = { B: toBase64(await backend.codec.encode(bytes, placeOf(entryKey, attribute))) };
  }
  return { attributes, plan, beside };
}

/** Wholly in segments, so that they can be read without the entry's value. */
async function apart({ type, bytes }: Serialized, plan: NewSegments): Promise<Value> {
  const segments = [];
  for (let from = 0; from < bytes.length; from += plan.maxSegmentBytes)
    segments.push(await plan.add(bytes.slice(from, from + plan.maxSegmentBytes)));
  return { type, segments, tail: new Uint8Array() };
}
