import { Client } from "@langchain/langgraph-sdk";

/** @typedef {Record<string, Record<string, number>>} Usage by operation */

/** The agent's name among the Worker's graphs. */
export const AGENT = "agent";

/**
 * LangGraph's own client, as somebody has it who speaks to the Worker.
 *
 * @param {object} options
 * @param {string} options.url
 * @param {string} options.token whose user it speaks for
 * @param {(usage: Usage) => void} [options.onUsage] is told what each request cost, but of a run its stream says so
 */
export const createAgentClient = ({ url, token, onUsage = () => {} }) =>
  new Client({
    apiUrl: url,
    apiKey: null, // Otherwise one of LangSmith's that is in the environment would be sent.
    defaultHeaders: { authorization: `Bearer ${token}` },
    callerOptions: {
      maxRetries: 0,
      fetch: async (/** @type {Parameters<typeof fetch>} */ ...request) => {
        const response = await fetch(...request);
        const usage = response.headers.get("x-dynamodb-usage");
        if (usage) onUsage(JSON.parse(usage));
        return response;
      },
    },
  });
