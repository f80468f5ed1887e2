import type { Env } from "../env.js";
import type { Model } from "./model.js";
import { OpenAIModel } from "./openai-model.js";
import { RuleModel } from "./rule-model.js";

/** An OpenAI-compatible endpoint when one is configured, else the rules that need no network. */
export function chooseModel(env: Env): Model {
  const { MODEL_BASE_URL: baseUrl, MODEL_API_KEY: apiKey, MODEL_NAME: name } = env;
  return baseUrl && apiKey ? new OpenAIModel({ baseUrl, apiKey, name: name || "gpt-4o-mini" }) : new RuleModel();
}
