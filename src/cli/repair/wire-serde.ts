import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value of another type than JSON, as it is stored: it goes back as it came. */
export class OpaqueValue {
  constructor(
    readonly type: string,
    readonly bytes: Uint8Array | string,
  ) {}
}

/**
 * Values as the JSON that stands in the table, in which a message of LangChain is its constructor and its arguments.
 * Nothing is made of it, so everything goes back as the class that it was, also one that is not known here.
 */
export const wireSerde: SerializerProtocol = {
  async loadsTyped(type, data): Promise<unknown> {
    if (type !== "json") return new OpaqueValue(type, data);
    return JSON.parse(typeof data === "string" ? data : decoder.decode(data)) as unknown;
  },
  async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
    if (!(value instanceof OpaqueValue)) return ["json", encoder.encode(JSON.stringify(value))];
    return [value.type, typeof value.bytes === "string" ? encoder.encode(value.bytes) : value.bytes];
  },
};
