import { tool } from "@langchain/core/tools";
import { Command, interrupt } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { createSupervisor } from "@langchain/langgraph-supervisor";
import { z } from "zod";
import { checkpointer, describe, did, look, mayDie, play, thread } from "./stage.js";
import { lastRequest, ScriptedModel, toolAnswers } from "./scripted-model.js";

/** langgraph-supervisor: it hands over to a clerk, whose tool asks a person, and then to a courier. */

const order = tool(
  ({ item }) => {
    const count: number = interrupt(`How many ${item}?`);
    did(`order ${count} ${item}`);
    return `ordered ${count} ${item}`;
  },
  { name: "order", description: "Orders.", schema: z.object({ item: z.string() }) },
);
const send = tool(
  async ({ what }) => {
    await mayDie("send", () => Promise.resolve(true));
    did(`send ${what}`);
    return `sent: ${what}`;
  },
  { name: "send", description: "Sends.", schema: z.object({ what: z.string() }) },
);

const answersOf = (messages: Parameters<typeof toolAnswers>[0], start: string) =>
  toolAnswers(messages).filter((text) => text.startsWith(start));

const clerk = createReactAgent({
  name: "clerk",
  tools: [order],
  llm: new ScriptedModel((messages) => {
    const [ordered] = answersOf(messages, "ordered");
    return ordered
      ? `I have ${ordered}`
      : [{ tool: "order", args: { item: lastRequest(messages).split(" ").at(-1)! } }];
  }),
});
const courier = createReactAgent({
  name: "courier",
  tools: [send],
  llm: new ScriptedModel((messages) => {
    const [sent] = answersOf(messages, "sent");
    return sent ? `On its way, ${sent}` : [{ tool: "send", args: { what: answersOf(messages, "ordered")[0]! } }];
  }),
});

const graph = createSupervisor({
  agents: [clerk, courier],
  llm: new ScriptedModel((messages) => {
    if (answersOf(messages, "sent").length > 0) return "All is done.";
    return [
      { tool: answersOf(messages, "ordered").length > 0 ? "transfer_to_courier" : "transfer_to_clerk", args: {} },
    ];
  }),
  outputMode: "full_history",
}).compile({ checkpointer });

const config = thread("order");
const talk = async (input: Parameters<typeof graph.invoke>[0]) => {
  const { messages, __interrupt__: asked } = (await graph.invoke(input, config)) as {
    messages: { text: string }[];
    __interrupt__?: unknown;
  };
  return { said: messages.map(({ text }) => text), asked };
};

await play({
  ask: () => talk({ messages: [{ role: "user", content: "Get me some apples" }] }),
  answer: () => talk(new Command({ resume: 3 })),
  goOn: () => talk(null),
  again: () => talk({ messages: [{ role: "user", content: "And now some pears" }] }),
  async answerAndStream() {
    const steps = [];
    for await (const [namespace, update] of await graph.stream(new Command({ resume: 4 }), {
      ...config,
      streamMode: "updates",
      subgraphs: true,
    })) {
      steps.push(`${namespace.map((part) => part.split(":")[0]).join("|")}/${Object.keys(update).join()}`);
    }
    return steps;
  },
  /** What is open, within the agent that asks. */
  inside: async () => describe(await graph.getState(config, { subgraphs: true })),
  look: () => look(graph, "order"),
  async forget() {
    await checkpointer.deleteThread("order");
    return (await graph.getState(config)).values;
  },
});
