import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { AgentTool } from "../tools.js";

/** What a model is asked. */
export interface Prompt {
  messages: BaseMessage[];
  /** What the user has said in other threads: data, to which a model must not listen as it does to its instructions. */
  memories: string[];
  tools: readonly AgentTool[];
  signal?: AbortSignal | undefined;
}

/** The one thing the graph asks of a model: the next message, perhaps with tool calls. */
export type Model = (prompt: Prompt) => Promise<AIMessage>;
