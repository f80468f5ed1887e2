import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { invalidInput } from "../../errors.js";
import { Unstorable } from "./unstorable-error.js";
import { damaged } from "../format-error.js";

/** What a serde made of a value. */
export interface Serialized {
  type: string;
  bytes: Uint8Array;
}

/**
 * Serializes a value as it is now: the serde is called before anything is awaited, because the graph goes on
 * and may change the object.
 *
 * @param place what the value is called in an error
 * @throws DynamoDBSaverError `INVALID_INPUT` if it would not come back
 */
export async function serialized(serde: SerializerProtocol, value: unknown, place: string): Promise<Serialized> {
  // A serde may hand bytes through as they are, so they have to be copied here.
  const [type, bytes] = await dumps(serde, isBytes(value) ? new Uint8Array(value) : value, place);
  if (typeof type !== "string" || !(bytes instanceof Uint8Array)) {
    throw invalidInput("The serde's dumpsTyped must return a pair of a type and its bytes: [string, Uint8Array].");
  }
  // Node's Buffer is a Uint8Array whose `slice` does not copy.
  return { type, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** Nothing that could throw is asked of what may be a proxy. */
export const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && value instanceof Uint8Array;

async function dumps(serde: SerializerProtocol, value: unknown, place: string): Promise<[string, Uint8Array]> {
  try {
    return await serde.dumpsTyped(value);
  } catch (error) {
    throw error instanceof Unstorable ? error.in(place) : error;
  }
}

/** What a channel is called in an error. */
export const channelPlace = (name: string): string => `channel ${JSON.stringify(name)}`;

/** @throws FormatError */
export async function deserialized(serde: SerializerProtocol, { type, bytes }: Serialized): Promise<unknown> {
  try {
    return (await serde.loadsTyped(type, bytes)) as unknown;
  } catch (error) {
    // Without its cause: a serde's errors quote what they could not read, and that is a stored value.
    const kind = error instanceof Error ? error.name : typeof error;
    throw damaged(`The serde could not read a value of type ${JSON.stringify(type.slice(0, 50))} (${kind})`);
  }
}
