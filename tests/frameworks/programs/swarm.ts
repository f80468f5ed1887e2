import { tool } from "@langchain/core/tools";
import { Command, interrupt } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { createHandoffTool, createSwarm } from "@langchain/langgraph-swarm";
import { z } from "zod";
import { checkpointer, describe, did, look, mayDie, play, thread } from "./stage.js";
import { lastRequest, ScriptedModel, toolAnswers } from "./scripted-model.js";

/** langgraph-swarm: agents hand over to one another, and who was asked last answers next, in whatever process. */

const book = tool(
  async ({ seat }) => {
    const answer: string = interrupt(`Book ${seat}?`);
    await mayDie("book", () => Promise.resolve(true));
    did(`${answer}: book ${seat}`);
    return `${seat} booked: ${answer}`;
  },
  { name: "book", description: "Books a seat.", schema: z.object({ seat: z.string() }) },
);

const agentNamed = (name: string, other: string, request: RegExp) =>
  createReactAgent({
    name,
    tools: [book, createHandoffTool({ agentName: other })],
    llm: new ScriptedModel((messages) => {
      const booked = toolAnswers(messages).find((text) => text.includes("booked"));
      if (booked) return `${name}: ${booked}`;
      const seat = request.exec(lastRequest(messages))?.[1];
      if (seat) return [{ tool: "book", args: { seat } }];
      return /train|flight/.test(lastRequest(messages))
        ? [{ tool: `transfer_to_${other}`, args: {} }]
        : `${name} is here.`;
    }),
    prompt: `You are ${name}.`,
  });

const graph = createSwarm({
  agents: [agentNamed("trains", "flights", /train seat (\w+)/), agentNamed("flights", "trains", /flight seat (\w+)/)],
  defaultActiveAgent: "trains",
}).compile({ checkpointer });

const config = thread("trip");
const talk = async (input: Parameters<typeof graph.invoke>[0]) => {
  const {
    messages,
    activeAgent,
    __interrupt__: asked,
  } = (await graph.invoke(input, config)) as {
    messages: { text: string }[];
    activeAgent?: string;
    __interrupt__?: unknown;
  };
  return { said: messages.at(-1)!.text, activeAgent, asked };
};
const say = (content: string) => talk({ messages: [{ role: "user", content }] });

await play({
  ask: () => say("I want flight seat 12A"),
  answer: () => talk(new Command({ resume: "yes" })),
  goOn: () => talk(null),
  greet: () => say("Who is there?"),
  back: () => say("I want train seat 7"),
  answerBack: () => talk(new Command({ resume: "no" })),
  /** What is open, within the agent that asks. */
  inside: async () => describe(await graph.getState(config, { subgraphs: true })),
  look: () => look(graph, "trip"),
  async forget() {
    await checkpointer.deleteThread("trip");
    return (await graph.getState(config)).values;
  },
});
