import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { Annotation, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

/*
 * The trace: an agent of four nodes. A turn is 5 supersteps (the input and the nodes), a short question and an
 * answer of 1 KB; one channel holds 20 KB that never change, as a system prompt or a document would.
 */

const STATE = Annotation.Root({
  ...MessagesAnnotation.spec,
  document: Annotation(),
  plan: Annotation(),
  findings: Annotation(),
  turns: Annotation({ reducer: (/** @type {number} */ sum, /** @type {number} */ n) => sum + n, default: () => 0 }),
});

/** @param {import("@langchain/langgraph-checkpoint").BaseCheckpointSaver} checkpointer */
export function buildAgent(checkpointer) {
  const words = wordStream();
  return new StateGraph(STATE)
    .addNode("planner", () => ({ plan: text(words, 120) }))
    .addNode("researcher", () => ({ findings: text(words, 200) }))
    .addNode("writer", () => ({ messages: [new AIMessage(text(words, 1_000))] }))
    .addNode("reviewer", () => ({ turns: 1 }))
    .addEdge(START, "planner")
    .addEdge("planner", "researcher")
    .addEdge("researcher", "writer")
    .addEdge("writer", "reviewer")
    .addEdge("reviewer", END)
    .compile({ checkpointer });
}

/**
 * Runs `turns` turns of one conversation.
 * @param {ReturnType<typeof buildAgent>} agent
 * @param {string} threadId
 * @param {number} turns
 * @param {{ document?: string, afterTurn?: (turn: number) => void | Promise<void>,
 *   saver?: import("langgraph-checkpoint-dynamodb").DynamoDBSaver | undefined }} [options] with `saver`, each turn has
 *   a lease of its own
 * @returns {Promise<number[]>} how long each turn took, in milliseconds
 */
export async function converse(
  agent,
  threadId,
  turns,
  { document = text(wordStream(), 20_000), afterTurn = () => {}, saver } = {},
) {
  const words = wordStream();
  const durationsMs = [];
  for (let turn = 0; turn < turns; turn++) {
    const start = performance.now();
    const input = { messages: [new HumanMessage(text(words, 100))], ...(turn === 0 && { document }) };
    const turnWith = (/** @type {object} */ configurable) =>
      agent.invoke(input, { configurable: { thread_id: threadId, ...configurable } });
    if (saver) await saver.withLease(threadId, (held) => turnWith(held.configurable), { leaseSeconds: 600 });
    else await turnWith({});
    durationsMs.push(performance.now() - start);
    await afterTurn(turn);
  }
  return durationsMs;
}

export const SUPERSTEPS_A_TURN = 5;

const VOCABULARY = (
  "the of and to a in for is on that by this with you it not or be are from at as your all have new more an was " +
  "we will home can us about if page my has " +
  "search free but our one other do no information time they site he up may what which their news out use any " +
  "there see only so his when contact here " +
  "business who web also now help get view online first am been would how were services some these click its " +
  "like service than find price date back top"
).split(" ");

/** A table of figures: gzip more than halves it, and 1 MB of it is still more than an item holds. */
export function figures(/** @type {number} */ length) {
  let result = "";
  for (let state = 1; result.length < length;) {
    state = nextRandom(state);
    result += `${(state / 1_000_000).toFixed(6)};`;
  }
  return result.slice(0, length);
}

/** The same words in the same order every time: figures of two runs can be compared. */
export function* wordStream(seed = 1) {
  for (let state = seed; ;) {
    state = nextRandom(state);
    yield VOCABULARY[(state >>> 8) % VOCABULARY.length];
  }
}

/** Numerical Recipes' linear congruential generator. */
const nextRandom = (/** @type {number} */ state) => (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;

/**
 * @param {Generator<string | undefined>} words
 * @param {number} length
 */
export function text(words, length) {
  let result = "";
  while (result.length < length) result += `${words.next().value} `;
  return result.slice(0, length);
}
