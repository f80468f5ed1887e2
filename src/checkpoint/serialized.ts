import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { invalidInput } from "../errors.js";
import { damaged } from "./format-error.js";

/** What a serde made of a value. */
export interface Serialized {
  type: string;
  bytes: Uint8Array;
}

/**
 * Serializes a value as it is now: the serde is called before anything is awaited, because the graph goes on
 * and may change the object.
 */
export async function serialized(serde: SerializerProtocol, value: unknown): Promise<Serialized> {
  // LangGraph's serde hands bytes through as they are, so they have to be copied here.
  const [type, bytes] = await serde.dumpsTyped(value instanceof Uint8Array ? new Uint8Array(value) : value);
  if (typeof type !== "string" || !(bytes instanceof Uint8Array)) {
    throw invalidInput("The serde's dumpsTyped must return a pair of a type and its bytes: [string, Uint8Array].");
  }
  // Node's Buffer is a Uint8Array whose `slice` does not copy.
  return { type, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) };
}

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
