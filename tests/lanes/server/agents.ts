import type { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import {
  Annotation,
  END,
  interrupt,
  MessagesAnnotation,
  START,
  StateGraph,
  type LangGraphRunnableConfig,
} from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { z } from "zod";
import { EchoModel } from "./echo-model.js";
import type { Waits } from "./graphs.js";

/* Graphs as clients with a page have them: an agent whose tokens are streamed, and one with a graph inside. */

const what = z.object({ what: z.string() });
const Asked = Annotation.Root({ answer: Annotation<string> });
const Steps = Annotation.Root({
  ...Asked.spec,
  upTo: Annotation<number>,
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

/** `agent` calls tools, one of which asks; `count` writes numbers, and waits in the middle; `nested` asks inside. */
export function agentsOf({ gate }: Pick<Waits, "gate">) {
  const model = new EchoModel(async (text) => (text.startsWith("Wait") ? gate.pass() : undefined));
  const tools = [
    tool(({ what }: { what: string }) => `Sunny in ${what}`, { name: "weather", description: "", schema: what }),
    tool(({ what }: { what: string }) => `${what}: ${interrupt<string, string>(`Order ${what}?`)}`, {
      name: "order",
      description: "",
      schema: what,
    }),
  ];
  const inside = new StateGraph(Asked)
    .addNode("ask", () => ({ answer: interrupt<string, string>("Really?") }))
    .addEdge(START, "ask")
    .compile();
  return {
    agent: new StateGraph(MessagesAnnotation)
      .addNode("model", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
      .addNode("tools", new ToolNode(tools))
      .addEdge(START, "model")
      .addConditionalEdges("model", ({ messages }) =>
        (messages.at(-1) as AIMessage).tool_calls?.length ? "tools" : END,
      )
      .addEdge("tools", "model")
      .compile(),
    count: new StateGraph(Steps)
      .addNode("count", async ({ upTo }, { writer }: LangGraphRunnableConfig) => {
        for (let number = 0; number < upTo; number++) {
          if (number === upTo >> 1) await gate.pass();
          writer?.({ number });
        }
        return { log: ["counted"] };
      })
      .addEdge(START, "count")
      .compile(),
    nested: new StateGraph(Steps)
      .addNode("before", () => ({ log: ["before"] }))
      .addNode("inside", inside)
      .addEdge(START, "before")
      .addEdge("before", "inside")
      .compile(),
  };
}
