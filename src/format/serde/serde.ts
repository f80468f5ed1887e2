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
      const bytes = utf8Of(encoding.encode(value));
      for (const [shape, construction] of unknownOf(encoding.constructions)) {
        await checkReadable(construction);
        if (known.size >= MOST_KNOWN) known.clear();
        if (typeof shape === "string") known.add(shape);
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

/** UTF-8 of a text. In Node 20, `encode` takes many times as long for a long one as this does where it is ASCII. */
function utf8Of(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  const { read } = encoder.encodeInto(text, bytes);
  return read === text.length ? bytes : encoder.encode(text);
}

/** One of each shape that has not been read back yet, and those of no shape; as they are now. */
function unknownOf(constructions: Construction[]): Map<unknown, Written> {
  const unknown = new Map<unknown, Written>();
  for (const construction of constructions) {
    const shape = messageShape(construction);
    if (shape !== undefined && (known.has(shape) || unknown.has(shape))) continue;
    unknown.set(shape ?? {}, { ...construction, json: JSON.stringify(construction.record) });
  }
  return unknown;
}

interface Written extends Construction {
  json: string;
}

/** An object that LangChain's `load` cannot make, for its class or arguments, makes all that it is in unreadable. */
async function checkReadable({ id, json, path }: Written): Promise<void> {
  try {
    await revive(json);
  } catch {
    const advice = "LangChain's load makes only valid ones of @langchain/core: store what it is made of instead.";
    throw new Unstorable(`An object of the class ${id} cannot be read back`, path, advice);
  }
}
