import { createAgentClient } from "./agent-client.js";
import { Costs } from "./costs.js";
import { colors, heading, print, say } from "./terminal.js";
import { printTimeline, shortId } from "./timeline.js";

/** @import { Checkpoint } from "./timeline.js" */

/**
 * Shows the agent at work on a new thread: a tool call, an interrupt that outlives the Worker, time travel.
 *
 * @param {object} options
 * @param {string} options.url
 * @param {string} options.thread
 * @param {() => Promise<void>} options.killWorker
 * @param {() => Promise<void>} options.startWorker
 */
export async function demonstrate({ url, thread, killWorker, startWorker }) {
  const costs = new Costs();
  const client = createAgentClient(url, costs.add);
  const path = `/threads/${encodeURIComponent(thread)}`;

  /** @param {string} route @param {object} body */
  async function play(route, body) {
    let status = "";
    for await (const { event, data } of client.stream(`${path}/${route}`, body)) {
      if (event === "updates") showUpdate(data);
      if (event === "interrupt") showInterrupt(data);
      if (event === "end") status = data.status;
    }
    return status;
  }

  /** @param {string} message */
  async function ask(message) {
    say("you", message);
    return play("runs", { message });
  }

  /** @returns {Promise<Checkpoint[]>} */
  const history = async () => (await client.get(`${path}/history?limit=100`)).checkpoints;

  heading(`1  A conversation with a tool call ${colors.dim(`(thread ${thread})`)}`);
  await ask("Where is order 1042?");

  heading("2  An interrupt: a person must approve");
  expect(await ask("Please refund it."), "waiting");

  heading("3  The Worker is killed and started again");
  await killWorker();
  say("killed", `workerd is gone: ${await whyUnreachable(url)}`);
  const since = performance.now();
  await startWorker();
  say("started", `a new one after ${Math.round(performance.now() - since)} ms, with nothing in its memory`);
  const state = await client.get(`${path}/state`);
  say("state", `from DynamoDB: ${state.values.messages.length} messages, next is ${colors.yellow(state.next.join(", "))}`);

  heading("4  The approval, and the answer");
  say("you", "I approve.");
  expect(await play("resume", { approve: true }), "done");

  heading("5  The history");
  const checkpoints = await history();
  printTimeline(checkpoints);

  heading("6  Time travel: back to the question, with another answer");
  const question = checkpoints.find((checkpoint) => checkpoint.interrupts.length > 0)?.checkpoint_id ?? "";
  say("fork", `from checkpoint ${colors.yellow(shortId(question))}, where the agent asked`);
  expect(await play("fork", { checkpoint_id: question }), "waiting");
  say("you", "I decline: the shoes were worn.");
  expect(await play("resume", { approve: false, reason: "the shoes were worn" }), "done");
  print();
  printTimeline(await history(), { from: question });

  heading("7  What all this cost");
  costs.print();
}

/**
 * @param {string} status
 * @param {string} expected
 */
function expect(status, expected) {
  if (status !== expected) throw new Error(`The demonstration went wrong: a run ended as "${status}", not as "${expected}".`);
}

/** @param {Record<string, { messages?: any[] } | null>} update what each node did */
function showUpdate(update) {
  for (const { type, content, name, tool_calls: calls = [] } of Object.values(update).flatMap((node) => node?.messages ?? [])) {
    for (const call of calls) say("agent", `→ ${colors.cyan(call.name)} ${colors.dim(JSON.stringify(call.args))}`);
    if (type === "tool") say("tool", `← ${colors.cyan(name)} ${colors.dim(content)}`);
    else if (content) say("agent", content);
  }
}

/** @param {{ interrupts: { value: { question: string, tool_calls: { name: string, args: object }[] } }[] }} data */
function showInterrupt({ interrupts }) {
  for (const { value } of interrupts) {
    const calls = value.tool_calls.map(({ name, args }) => `${name} ${JSON.stringify(args)}`).join(", ");
    say("waits", `${colors.magenta(value.question)} ${colors.dim(calls)}`);
  }
}

/** @param {string} url */
async function whyUnreachable(url) {
  try {
    await fetch(`${url}/healthz`);
  } catch (error) {
    const { cause } = /** @type {{ cause?: { code?: string } }} */ (error);
    return cause?.code ?? "unreachable";
  }
  throw new Error("The Worker still answers after it was killed.");
}
