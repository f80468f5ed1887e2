import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

/** An agent of four nodes, as the bench has: five supersteps a turn. */
export const fourNodes = (checkpointer?: BaseCheckpointSaver) =>
  new StateGraph(
    Annotation.Root({
      question: Annotation<string>(),
      answer: Annotation<string>(),
      plan: Annotation<string>(),
      findings: Annotation<string>(),
      turns: Annotation<number>({ reducer: (sum, n) => sum + n, default: () => 0 }),
    }),
  )
    .addNode("planner", () => ({ plan: "p".repeat(120) }))
    .addNode("researcher", () => ({ findings: "f".repeat(200) }))
    .addNode("writer", () => ({ answer: "w".repeat(600) }))
    .addNode("reviewer", () => ({ turns: 1 }))
    .addEdge(START, "planner")
    .addEdge("planner", "researcher")
    .addEdge("researcher", "writer")
    .addEdge("writer", "reviewer")
    .addEdge("reviewer", END)
    .compile(checkpointer && { checkpointer });
