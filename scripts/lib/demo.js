import { createAgentClient } from "./agent-client.js";
import { Conversation } from "./conversation.js";
import { Costs } from "./costs.js";
import { demonstrateDocument } from "./demo-document.js";
import { colors, heading, print, say } from "./terminal.js";
import { printTimeline, shortId } from "./timeline.js";

/**
 * Shows the agent at work on a new thread: a tool call, an interrupt that outlives the Worker, time travel; on two others
 * what it remembers about a user; and on another one a document that is too large for the table.
 *
 * @param {object} options
 * @param {string} options.url
 * @param {string} options.thread
 * @param {import("./raw-storage.js").RawStorage} options.storage
 * @param {() => Promise<void>} options.killWorker
 * @param {() => Promise<void>} options.startWorker
 */
export async function demonstrate({ url, thread, storage, killWorker, startWorker }) {
  const costs = new Costs();
  const client = createAgentClient(url, costs.add);
  const conversation = new Conversation(client, thread);

  heading(`1  A conversation with a tool call ${colors.dim(`(thread ${thread})`)}`);
  await conversation.ask("Where is order 1042?", "done");

  heading("2  An interrupt: a person must approve");
  await conversation.ask("Please refund it.", "waiting");

  heading("3  The Worker is killed and started again");
  await killWorker();
  say("killed", `workerd is gone: ${await whyUnreachable(url)}`);
  const since = performance.now();
  await startWorker();
  say("started", `a new one after ${Math.round(performance.now() - since)} ms, with nothing in its memory`);
  const state = await conversation.state();
  say("state", `from DynamoDB: ${state.values.messages.length} messages, next is ${colors.yellow(state.next.join(", "))}`);

  heading("4  The approval, and the answer");
  say("you", "I approve.");
  await conversation.play("resume", { approve: true }, "done");

  heading("5  The history");
  const checkpoints = await conversation.history();
  printTimeline(checkpoints);

  heading("6  Time travel: back to the question, with another answer");
  const question = checkpoints.find((checkpoint) => checkpoint.interrupts.length > 0)?.checkpoint_id ?? "";
  say("fork", `from checkpoint ${colors.yellow(shortId(question))}, where the agent asked`);
  await conversation.play("fork", { checkpoint_id: question }, "waiting");
  say("you", "I decline: the shoes were worn.");
  await conversation.play("resume", { approve: false, reason: "the shoes were worn" }, "done");
  print();
  printTimeline(await conversation.history(), { from: question });

  heading("7  What the agent remembers about a user, in whatever thread");
  await demonstrateMemory(client, thread);

  heading(`8  A large document: S3 beside DynamoDB ${colors.dim(`(thread ${thread}-document)`)}`);
  await demonstrateDocument({ client, costs, thread: `${thread}-document`, storage });

  heading("9  What all this cost");
  costs.print();
}

/**
 * @param {import("./conversation.js").AgentClient} client
 * @param {string} thread
 */
async function demonstrateMemory(client, thread) {
  // Nobody has spoken to it before, also when the demonstration is shown again.
  const user = `ada of ${thread}`;
  await new Conversation(client, `${thread}-monday`, user).ask("Remember that I wear size 43.", "done");
  say("later", `another thread, and another Worker perhaps: all they share is the user, ${colors.yellow(user)}`);
  const friday = new Conversation(client, `${thread}-friday`, user);
  await friday.ask("What do you know about me?", "done");
  if (!friday.answer.includes("size 43")) throw new Error("The demonstration went wrong: the agent has forgotten what it was told.");
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
