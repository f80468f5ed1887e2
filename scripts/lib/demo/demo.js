import { createAgentClient } from "./agent-client.js";
import { Conversation } from "./conversation.js";
import { Costs } from "./costs.js";
import { demonstrateDocument } from "./demo-document.js";
import { colors, heading, print, say } from "../docs/terminal.js";
import { asks, idOf, printTimeline, shortId } from "./timeline.js";

/**
 * Shows the agent at work on a new thread: a tool call, an interrupt that outlives the Worker, time travel; on two
 * others what it remembers about a user; and on another one a document that is too large for the table.
 *
 * @param {object} options
 * @param {string} options.url
 * @param {(user: string) => Promise<string>} options.tokenOf makes the token that a user has
 * @param {string} options.user whose threads these are
 * @param {string} options.thread
 * @param {import("../raw-storage.js").RawStorage} options.storage
 * @param {() => Promise<void>} options.killWorker
 * @param {() => Promise<void>} options.startWorker
 */
export async function demonstrate({ url, tokenOf, user, thread, storage, killWorker, startWorker }) {
  const costs = new Costs();
  const clientOf = async (/** @type {string} */ name) =>
    createAgentClient({ url, token: await tokenOf(name), onUsage: costs.add });
  const client = await clientOf(user);
  const conversation = new Conversation(client, thread, costs.add);

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
  say(
    "state",
    `from DynamoDB: ${state.values.messages.length} messages, next is ${colors.yellow(state.next.join(", "))}`,
  );

  heading("4  The approval, and the answer");
  say("you", "I approve.");
  await conversation.play({ command: { resume: { approve: true } } }, "done");

  heading("5  The history");
  const checkpoints = await conversation.history();
  printTimeline(checkpoints);

  heading("6  Time travel: back to the question, with another answer");
  const asked = checkpoints.find(asks);
  const question = asked ? idOf(asked) : "";
  say("fork", `from checkpoint ${colors.yellow(shortId(question))}, where the agent asked`);
  await conversation.play({ input: null, checkpointId: question }, "waiting");
  say("you", "I decline: the shoes were worn.");
  await conversation.play({ command: { resume: { approve: false, reason: "the shoes were worn" } } }, "done");
  print();
  printTimeline(await conversation.history(), { from: question });

  heading("7  What the agent remembers about a user, in whatever thread");
  // Nobody has spoken to this one before, also when the demonstration is shown again.
  const ada = `ada of ${thread}`;
  await demonstrateMemory(await clientOf(ada), thread, ada, costs);

  heading(`8  A large document: S3 beside DynamoDB ${colors.dim(`(thread ${thread}-document)`)}`);
  await demonstrateDocument({ client, costs, thread: `${thread}-document`, storage });

  heading("9  What all this cost");
  costs.print();
}

/**
 * @param {import("@langchain/langgraph-sdk").Client} client
 * @param {string} thread
 * @param {string} user who has the client's token
 * @param {Costs} costs
 */
async function demonstrateMemory(client, thread, user, costs) {
  await new Conversation(client, `${thread}-monday`, costs.add).ask("Remember that I wear size 43.", "done");
  say(
    "later",
    "another thread, and another Worker perhaps: all they share is the user that their token names, " +
      `${colors.yellow(user)}`,
  );
  const friday = new Conversation(client, `${thread}-friday`, costs.add);
  await friday.ask("What do you know about me?", "done");
  if (!friday.answer.includes("size 43"))
    throw new Error("The demonstration went wrong: the agent has forgotten what it was told.");
}

/** @param {string} url */
async function whyUnreachable(url) {
  try {
    await fetch(`${url}/ok`);
  } catch (error) {
    const { cause } = /** @type {{ cause?: { code?: string } }} */ (error);
    return cause?.code ?? "unreachable";
  }
  throw new Error("The Worker still answers after it was killed.");
}
