import { Annotation, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { NextSaver } from "../savers/compare-savers.js";

export const list = () => Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] });

export const State = Annotation.Root({
  log: list(),
  ask: Annotation<boolean>(),
  fromLeft: Annotation<string>(),
  fromRight: Annotation<number>(),
});

/** Two nodes side by side, of which the right one asks a person; both lead to the last. */
export const parallel = (saver: NextSaver, runs: string[] = []) =>
  new StateGraph(State)
    .addNode("left", ({ log }) => {
      runs.push("left");
      return { log: ["left"], fromLeft: `left of ${log.length}` };
    })
    .addNode("right", ({ ask, log }) => {
      runs.push("right");
      const answer = ask ? interrupt<string, string>(`right of ${log.length}?`) : "not asked";
      return { log: [`right ${answer}`], fromRight: log.length };
    })
    .addNode("last", ({ fromLeft, fromRight }) => ({ log: [`last ${fromLeft} ${fromRight}`], ask: false }))
    .addEdge(START, "left")
    .addEdge(START, "right")
    .addEdge("left", "last")
    .addEdge("right", "last")
    .addEdge("last", END)
    .compile({ checkpointer: saver() });
