import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { Encoder, type Construction } from "./encode.js";
import { revive } from "./revive.js";
import { Unstorable } from "./unstorable-error.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Classes of LangChain's that were read back once. */
const known = new Set<string>();

/**
 * Turns values into bytes and back as LangGraph's JsonPlusSerializer does, and reads what that has written. But plain
 * data that looks like an object of LangChain's stays plain data, and what would not come back is an error before it is
 * stored.
 */
export const defaultSerde: SerializerProtocol = /* @__PURE__ */ serdeOf({ isStrict: false });

/**
 * For what has to come back as it was put: functions, symbols and what contains itself are an error, too. Bytes within
 * a value are stored as Base64.
 */
export const strictSerde: SerializerProtocol = /* @__PURE__ */ serdeOf({ isStrict: true });

function serdeOf({ isStrict }: { isStrict: boolean }): SerializerProtocol {
  return {
    async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
      if (value instanceof Uint8Array) return ["bytes", value];
      const encoding = new Encoder(isStrict);
      const bytes = encoder.encode(encoding.encode(value));
      for (const construction of encoding.constructions) {
        if (!known.has(construction.id)) await checkClass(construction);
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

/** `load` makes objects of `@langchain/core` alone: one of another class makes all that it stands in unreadable. */
async function checkClass({ id, record, path }: Construction): Promise<void> {
  try {
    await revive(JSON.stringify(record));
    known.add(id);
  } catch {
    const advice = "LangChain's load makes only those of @langchain/core: store what it is made of instead.";
    throw new Unstorable(`An object of the class ${id} cannot be read back`, path, advice);
  }
}
