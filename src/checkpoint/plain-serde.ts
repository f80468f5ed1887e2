import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";

const decoder = new TextDecoder();

/**
 * Reads what LangGraph's serde wrote as the JSON that it is: messages and other LangChain objects stay in their serialized
 * form. Making objects of them takes all of LangChain core.
 */
export const plainSerde: SerializerProtocol = {
  async loadsTyped(type, data) {
    if (type === "bytes") return data;
    if (type === "json") return JSON.parse(typeof data === "string" ? data : decoder.decode(data)) as unknown;
    throw new TypeError("Only the types of LangGraph's own serde are known here.");
  },
  dumpsTyped: () => Promise.reject(new TypeError("What only reads has nothing to write.")),
};
