import { colors, say } from "../docs/terminal.js";

/** @import { Checkpoint } from "./timeline.js" */
/** @typedef {ReturnType<typeof import("./agent-client.js").createAgentClient>} AgentClient */

/** One thread, played on the terminal: what a person says, and what the agent does. */
export class Conversation {
  #client;
  /** What the agent has said last. */
  answer = "";

  /**
   * @param {AgentClient} client
   * @param {string} thread
   */
  constructor(client, thread) {
    this.#client = client;
    this.path = `/threads/${encodeURIComponent(thread)}`;
  }

  /**
   * @param {string} message
   * @param {"done" | "waiting"} end how the run must end
   */
  async ask(message, end) {
    say("you", message);
    await this.play("runs", { message }, end);
  }

  /**
   * @param {string} route
   * @param {object} body
   * @param {"done" | "waiting"} end
   */
  async play(route, body, end) {
    let status = "";
    for await (const { event, data } of this.#client.stream(`${this.path}/${route}`, body)) {
      if (event === "updates") this.answer = showUpdate(data) || this.answer;
      if (event === "interrupt") showInterrupt(data);
      if (event === "end") status = data.status;
    }
    if (status !== end) throw new Error(`The demonstration went wrong: a run ended as "${status}", not as "${end}".`);
  }

  async state() {
    return this.#client.get(`${this.path}/state`);
  }

  /** @returns {Promise<Checkpoint[]>} newest first */
  async history() {
    return (await this.#client.get(`${this.path}/history?limit=100`)).checkpoints;
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  async upload(name, text) {
    say("you", `upload ${name}: ${text.length.toLocaleString("en-US")} bytes`);
    await this.#client.put(`${this.path}/document?name=${encodeURIComponent(name)}`, text);
  }

  async delete() {
    await this.#client.delete(this.path);
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

/** @param {{ interrupts: { value: { question: string, tool_calls: { name: string, args: object }[] } }[] }} data */
function showInterrupt({ interrupts }) {
  for (const { value } of interrupts) {
    const calls = value.tool_calls.map(({ name, args }) => `${name} ${JSON.stringify(args)}`).join(", ");
    say("waits", `${colors.magenta(value.question)} ${colors.dim(calls)}`);
  }
}
