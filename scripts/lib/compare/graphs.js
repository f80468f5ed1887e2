import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";

/** @import { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint" */

const State = Annotation.Root({
  log: Annotation({
    reducer: (/** @type {string[]} */ before, /** @type {string[]} */ more) => [...before, ...more],
    default: () => /** @type {string[]} */ ([]),
  }),
  value: Annotation(),
});

/**
 * A conversation: `think`, `answer` and `review`, which leaves the log as it is. No two answers are alike, so each says
 * which run gave it.
 * @param {BaseCheckpointSaver} checkpointer
 */
export function conversation(checkpointer) {
  let answers = 0;
  return new StateGraph(State)
    .addNode("think", () => ({ log: ["thought"] }))
    .addNode("answer", () => ({ log: [`answer ${++answers}`] }))
    .addNode("review", () => ({ value: "reviewed" }))
    .addEdge(START, "think")
    .addEdge("think", "answer")
    .addEdge("answer", "review")
    .addEdge("review", END)
    .compile({ checkpointer });
}

/**
 * Two nodes side by side. One writes `count` entries, the other fails at its first run.
 * @param {BaseCheckpointSaver} checkpointer
 * @param {number} count
 */
export function halfFailing(checkpointer, count) {
  const runs = { good: 0, failing: 0 };
  const entries = Array.from({ length: count }, (_, i) => /** @type {[string, unknown]} */ (["log", [String(i)]]));
  const graph = new StateGraph(State)
    .addNode("good", () => {
      runs.good++;
      return new Command({ update: entries });
    })
    .addNode("failing", async () => {
      // The other one is to have ended when this one fails.
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (++runs.failing === 1) throw new Error("This node fails once.");
      return {};
    })
    .addEdge(START, "good")
    .addEdge(START, "failing")
    .addEdge("good", END)
    .addEdge("failing", END)
    .compile({ checkpointer });
  return { graph, runs };
}

/**
 * A node, and a subgraph that asks.
 * @param {BaseCheckpointSaver} checkpointer
 */
export function asking(checkpointer) {
  const runs = { first: 0, prepare: 0 };
  const child = new StateGraph(State)
    .addNode("prepare", () => {
      runs.prepare++;
      return { log: ["prepared"] };
    })
    .addNode("ask", () => ({ value: interrupt("May I?"), log: ["asked"] }))
    .addEdge(START, "prepare")
    .addEdge("prepare", "ask")
    .addEdge("ask", END)
    .compile();
  const graph = new StateGraph(State)
    .addNode("first", () => {
      runs.first++;
      return {};
    })
    .addNode("child", child)
    .addEdge(START, "first")
    .addEdge("first", "child")
    .addEdge("child", END)
    .compile({ checkpointer });
  return { graph, runs };
}

/**
 * Keeps a value as it is given.
 * @param {BaseCheckpointSaver} checkpointer
 */
export function keeping(checkpointer) {
  return new StateGraph(State)
    .addNode("keep", () => ({}))
    .addEdge(START, "keep")
    .addEdge("keep", END)
    .compile({ checkpointer });
}
