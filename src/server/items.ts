import { toBase64 } from "../aws/base64.js";
import type { AttributeValue, Item, Key } from "../aws/dynamodb/items.js";
import type { Storage } from "../checkpoint/storage.js";
import { binaryOf, DATA, placeOf } from "../format/attributes.js";
import { expiry } from "../payload/lifetime.js";
import { HttpError } from "./http/http-error.js";

/** Bytes of an item's data as stored: an item has 400 KB. */
const MAX_STORED_BYTES = 300 * 1_024;
/** What a client gives leaves room for what the server adds to it later. */
export const MOST_GIVEN_BYTES = MAX_STORED_BYTES - 4_096;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON as an item's data: compressed, and encrypted where the saver does that. @throws HttpError 413 */
export async function sealed(
  { codec }: Storage,
  place: Key,
  value: unknown,
  attribute = DATA,
  most = MAX_STORED_BYTES,
): Promise<Record<string, AttributeValue>> {
  const bytes = await codec.encode(encoder.encode(JSON.stringify(value)), placeOf(place, attribute));
  if (bytes.length > most) throw new HttpError(413, `This is longer than ${most} bytes as it would be stored.`);
  return { [attribute]: { B: toBase64(bytes) } };
}

/** @throws FormatError */
export const unsealed = async ({ codec }: Storage, item: Item, attribute = DATA): Promise<unknown> =>
  JSON.parse(decoder.decode(await codec.decode(binaryOf(item, attribute), placeOf(item, attribute))));

/** The end of what lives for so many seconds from now on. */
export const endingIn = (seconds: number | undefined): Record<string, AttributeValue> =>
  seconds === undefined ? {} : expiry(Math.ceil(Date.now() / 1_000 + seconds));

export const number = (value: number): AttributeValue => ({ N: String(value) });
