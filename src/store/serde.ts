import { BaseCache, type SerializerProtocol } from "@langchain/langgraph-checkpoint";

/** LangGraph's own serializer, which it exports as a field of its base classes only. */
export const defaultSerde = (): SerializerProtocol => new (BaseCache as unknown as new () => BaseCache)().serde;
