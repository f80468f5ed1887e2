import { Command, interrupt } from "@langchain/langgraph";
import { createAgent, humanInTheLoopMiddleware, summarizationMiddleware, tool } from "langchain";
import { z } from "zod";
import { checkpointer, did, hasStored, look, mayDie, play, thread } from "./stage.js";
import { lastRequest, ScriptedModel, toolAnswers } from "./scripted-model.js";

/** LangChain's agent: transfers wait for a person, a tool asks back, and old messages are summarized. */

const transfer = tool(
  async ({ to, amount }, config) => {
    await mayDie(`transfer to ${to}`, () => hasStored(config, "sent to Ada"));
    did(`transfer ${amount} to ${to}`);
    return `${amount} sent to ${to}`;
  },
  { name: "transfer", description: "Sends money.", schema: z.object({ to: z.string(), amount: z.number() }) },
);

const close = tool(
  ({ account }) => {
    const answer: string = interrupt(`Close ${account}?`);
    did(`${answer} to closing ${account}`);
    return `${account}: ${answer}`;
  },
  { name: "close", description: "Closes an account.", schema: z.object({ account: z.string() }) },
);

const model = new ScriptedModel((messages) => {
  const request = lastRequest(messages);
  if (request.includes("Messages to summarize:"))
    return `They had ${request.match(/^(Human|AI|Tool): /gm)?.length} messages.`;
  const answers = toolAnswers(messages);
  if (answers.length > 0) return `Done: ${answers.join(", ")}.`;
  const payments = [...request.matchAll(/(\d+) to (\w+)/g)];
  if (payments.length > 0)
    return payments.map(([, amount, to]) => ({ tool: "transfer", args: { to, amount: Number(amount) } }));
  const accounts = request.match(/\w+ account/g) ?? [];
  if (accounts.length > 0) return accounts.map((account) => ({ tool: "close", args: { account } }));
  return `I see ${messages.length} messages; the first is: ${messages[0]!.text.replace(/\s+/g, " ")}`;
});

const agent = createAgent({
  model,
  tools: [transfer, close],
  middleware: [
    humanInTheLoopMiddleware({
      interruptOn: {
        transfer: {
          allowedDecisions: ["approve", "edit", "reject"],
          description: ({ args }) => `Send ${args.amount} to ${args.to}?`,
        },
      },
    }),
    summarizationMiddleware({ model, trigger: { messages: 12 }, keep: { messages: 3 } }),
  ],
  checkpointer,
});
const config = thread("payments");
const say = (content: string) => ({ messages: [{ role: "user", content }] });
/** What was said last, and what is asked. */
const talk = async (input: Parameters<typeof agent.invoke>[0], where = config) => {
  const { messages, __interrupt__: asked } = (await agent.invoke(input, where)) as {
    messages: { text: string }[];
    __interrupt__?: unknown;
  };
  return { said: messages.at(-1)!.text, of: messages.length, asked };
};
const decide = (...decisions: object[]) => new Command({ resume: { decisions } });
const edit = (to: string, amount: number) => ({
  type: "edit",
  editedAction: { name: "transfer", args: { to, amount } },
});

/** Answers one of the questions that are open; with none given, all. */
const answer = async (reply: string, account?: string) => {
  const { tasks } = await agent.graph.getState(config);
  const open = tasks
    .flatMap(({ interrupts }) => interrupts)
    .filter(({ value }) => account === undefined || (value as string).includes(account));
  return talk(new Command({ resume: Object.fromEntries(open.map(({ id }) => [id, reply])) }));
};

await play({
  ask: () => talk(say("Send 250 to Ada and 10 to Bob.")),
  decide: () => talk(decide({ type: "approve" }, edit("Bob", 5))),
  goOn: () => talk(null),
  async stream() {
    const events = [];
    for await (const [mode, data] of await agent.stream(say("How are you?"), {
      ...config,
      streamMode: ["updates", "messages"],
    })) {
      events.push(mode === "updates" ? Object.keys(data).join() : (data[0] as { text: string }).text);
    }
    return events;
  },
  askForMore: () => talk(say("Send 99 to Eve.")),
  reject: () => talk(decide({ type: "reject", message: "Not to Eve." })),
  askTwice: () => talk(say("Close my savings account and my checking account.")),
  answerOne: () => answer("yes", "checking"),
  answerOther: () => answer("no", "savings"),
  chat: () => talk(say("How many messages do you see?")),
  /** Back to the first question, with another decision. */
  async fork() {
    const asked = [];
    for await (const snapshot of agent.graph.getStateHistory(config))
      if (snapshot.tasks.some(({ interrupts }) => interrupts.length > 0)) asked.push(snapshot);
    const copy = (await agent.graph.updateState(asked.at(-1)!.config, null, "__copy__")) as typeof config;
    const askedAgain = await talk(null, { ...config, configurable: copy.configurable });
    const forked = await talk(decide(edit("Ada", 1), { type: "approve" }));
    return { askedAgain, forked, asked: asked.length };
  },
  look: () => look(agent.graph, "payments"),
  async forget() {
    await checkpointer.deleteThread("payments");
    return (await agent.graph.getState(config)).values;
  },
});
