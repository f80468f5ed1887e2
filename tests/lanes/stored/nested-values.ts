import { ToolMessage } from "@langchain/core/messages";
import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";

export const decoder = new TextDecoder();

export const textOf = async (serde: SerializerProtocol, value: unknown): Promise<string> =>
  decoder.decode((await serde.dumpsTyped(value))[1]);

/** What `depth` objects have in one another. */
export function nested(depth: number): unknown {
  let value: unknown = "deep";
  for (let i = 0; i < depth; i++) value = i % 2 ? { inner: value } : [value];
  return value;
}

/** A message with any value in it, as tools can give one. */
export const withArtifact = (artifact: unknown): ToolMessage =>
  new ToolMessage({ content: "x", tool_call_id: "1", artifact });
