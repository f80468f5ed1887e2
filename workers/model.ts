import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { Env } from "./env.js";
import { openAIModel } from "./openai-model.js";
import { ruleModel } from "./rule-model.js";
import type { AgentTool } from "./tools.js";

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

/** An OpenAI-compatible endpoint when one is configured, else the rules that need no network. */
export function chooseModel(env: Env): Model {
  const { MODEL_BASE_URL: baseUrl, MODEL_API_KEY: apiKey, MODEL_NAME: name } = env;
  return baseUrl && apiKey ? openAIModel({ baseUrl, apiKey, name: name || "gpt-4o-mini" }) : ruleModel;
}
