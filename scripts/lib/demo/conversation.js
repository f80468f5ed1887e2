import { colors, say } from "../docs/terminal.js";
import { AGENT } from "./agent-client.js";

/** @import { Client, ThreadState } from "@langchain/langgraph-sdk" */
/** @import { Usage } from "./agent-client.js" */
/** @typedef {Parameters<Client["runs"]["stream"]>[2]} RunPayload */

const MOST_CHECKPOINTS = 100;

/** One thread, played on the terminal: what a person says, and what the agent does. */
export class Conversation {
  #client;
  #thread;
  #onUsage;
  /** What the agent has said last. */
  answer = "";

  /**
   * @param {Client} client
   * @param {string} thread
   * @param {(usage: Usage) => void} onUsage is told what each run cost
   */
  constructor(client, thread, onUsage) {
    this.#client = client;
    this.#thread = thread;
    this.#onUsage = onUsage;
  }

  /**
   * @param {string} message
   * @param {"done" | "waiting"} end how the run must end
   */
  async ask(message, end) {
    say("you", message);
    await this.play({ input: { messages: [{ role: "user", content: message }] } }, end);
  }

  /**
   * @param {RunPayload} payload
   * @param {"done" | "waiting"} end
   */
  async play(payload, end) {
    let status = "done";
    const options = {
      ...payload,
      streamMode: /** @type {const} */ ("updates"),
      ifNotExists: /** @type {const} */ ("create"),
    };
    for await (const { event, data } of this.events(options)) {
      if (event === "error") throw new Error(`The run failed: ${data.message}`);
      if (event === "usage") this.#onUsage(data);
      if (event !== "updates") continue;
      if (data.__interrupt__) {
        status = "waiting";
        showInterrupt(data.__interrupt__);
      } else this.answer = showUpdate(data) || this.answer;
    }
    if (status !== end) throw new Error(`The demonstration went wrong: a run ended as "${status}", not as "${end}".`);
  }

  /**
   * The events of a run, `usage` among them, which LangGraph's own server does not have.
   *
   * @param {RunPayload} payload
   * @returns {AsyncIterable<{ event: string, data: any }>}
   */
  events(payload) {
    return this.#client.runs.stream(this.#thread, AGENT, payload);
  }

  /** @returns {Promise<ThreadState<any>>} */
  async state() {
    return this.#client.threads.getState(this.#thread);
  }

  /** @returns {Promise<ThreadState<any>[]>} newest first */
  async history() {
    return this.#client.threads.getHistory(this.#thread, { limit: MOST_CHECKPOINTS });
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  async upload(name, text) {
    say("you", `upload ${name}: ${text.length.toLocaleString("en-US")} bytes`);
    await this.#client.threads.create({ threadId: this.#thread, ifExists: "do_nothing" });
    // As if the agent had said it last: nothing follows from it.
    await this.#client.threads.updateState(this.#thread, { values: { document: { name, text } }, asNode: "agent" });
  }

  async delete() {
    await this.#client.threads.delete(this.#thread);
  }
}

/**
 * @param {Record<string, { messages?: any[] } | null>} update what each node did
 * @returns {string} what the agent said, if anything
 */
function showUpdate(update) {
  let said = "";
  for (const { type, content, name, tool_calls: calls = [] } of Object.values(update).flatMap(
    (node) => node?.messages ?? [],
  )) {
    for (const call of calls) say("agent", `→ ${colors.cyan(call.name)} ${colors.dim(JSON.stringify(call.args))}`);
    if (type === "tool") say("tool", `← ${colors.cyan(name)} ${colors.dim(content)}`);
    else if (content) say("agent", (said = content));
  }
  return said;
}

/** @param {{ value: { question: string, tool_calls: { name: string, args: object }[] } }[]} interrupts */
function showInterrupt(interrupts) {
  for (const { value } of interrupts) {
    const calls = value.tool_calls.map(({ name, args }) => `${name} ${JSON.stringify(args)}`).join(", ");
    say("waits", `${colors.magenta(value.question)} ${colors.dim(calls)}`);
  }
}
