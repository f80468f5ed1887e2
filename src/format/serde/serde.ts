import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { Encoder, type Construction, type Strictness } from "./encode.js";
import { messageShape } from "./message-shape.js";
import { revive } from "./revive.js";
import { isBytes } from "./serialized.js";
import { Unstorable } from "./unstorable-error.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Shapes of messages that were read back once. */
const known = new Set<string>();
const MOST_KNOWN = 5_000;

/**
 * Turns values into bytes and back as LangGraph's JsonPlusSerializer does, and reads what that has written. But plain
 * data that looks like an object of LangChain's stays plain data, and what would not come back is an error before it is
 * stored.
 */
export const defaultSerde: SerializerProtocol = /* @__PURE__ */ serdeOf();

export function serdeOf(strict?: Strictness): SerializerProtocol {
  return {
    async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
      if (isBytes(value)) return ["bytes", value];
      const encoding = new Encoder(strict);
      const bytes = encoder.encode(encoding.encode(value));
      for (const construction of encoding.constructions) {
        const shape = messageShape(construction);
        if (shape !== undefined && known.has(shape)) continue;
        await checkReadable(construction);
        if (known.size >= MOST_KNOWN) known.clear();
        if (shape !== undefined) known.add(shape);
      }
      return ["json", bytes];
    },

    async loadsTyped(type: string, data: Uint8Array | string): Promise<unknown> {
      if (type === "bytes") return typeof data === "string" ? encoder.encode(data) : data;
      if (type === "json") return revive(typeof data === "string" ? data : decoder.decode(data));
      throw new TypeError(`Values of the type ${JSON.stringify(type)} are for another serde.`);
    },
  };
}

/** An object that LangChain's `load` cannot make, for its class or arguments, makes all that it is in unreadable. */
async function checkReadable({ id, record, path }: Construction): Promise<void> {
  try {
    await revive(JSON.stringify(record));
  } catch {
    const advice = "LangChain's load makes only valid ones of @langchain/core: store what it is made of instead.";
    throw new Unstorable(`An object of the class ${id} cannot be read back`, path, advice);
  }
}
