// LangChain's agent with a person in the loop. It asks before it gives money back, its process ends, and the answer
// comes to another process: the order may be approved, changed or rejected, minutes or weeks later.
//
//   npm run example -- agent                                       plays: approved, changed, rejected
//   npm run example -- agent ask "Refund 40 euros for order 1041"  and: approve, edit 20, reject "too late", history
//
// It needs LangChain beside the package: npm install langchain
import { AIMessage } from "@langchain/core/messages";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { Command } from "@langchain/langgraph";
import { createAgent, humanInTheLoopMiddleware, tool } from "langchain";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { parseArgs } from "node:util";
import { z } from "zod";

/** @import { BaseMessage } from "@langchain/core/messages" */

/** In place of a model: it calls the tool for what it is asked, and says what came of it. */
class RefundModel extends BaseChatModel {
  /** @override */
  _llmType() {
    return "refunds";
  }

  /** @override */
  bindTools() {
    return this;
  }

  /** @param {BaseMessage[]} messages @override */
  async _generate(messages) {
    const message = this.#answer(/** @type {BaseMessage} */ (messages.at(-1)), `call-${messages.length}`);
    return { generations: [{ text: message.text, message }] };
  }

  /** @param {BaseMessage} last @param {string} id */
  #answer({ type, text }, id) {
    if (type === "tool") return new AIMessage(`Here is what happened: ${text}`);
    const [, amount, order] = /(\d+) euros.*order (\d+)/.exec(text) ?? [];
    if (!order) return new AIMessage("Which order is it about, and how many euros?");
    return new AIMessage({
      content: "",
      tool_calls: [{ name: "refund", args: { order, amount: Number(amount) }, id }],
    });
  }
}

const refund = tool(
  ({ order, amount }) => {
    console.log(`  bank: ${amount} euros for order ${order}`);
    return `${amount} euros are on their way.`;
  },
  {
    name: "refund",
    description: "Gives money back for an order.",
    schema: z.object({ order: z.string(), amount: z.number() }),
  },
);

const checkpointer = DynamoDBSaver.fromEnv(process.env);
await checkpointer.setup();

const approval = humanInTheLoopMiddleware({
  interruptOn: {
    refund: {
      allowedDecisions: ["approve", "edit", "reject"],
      description: ({ args }) => `Give ${args.amount} euros back for order ${args.order}?`,
    },
  },
});

const agent = createAgent({
  // A real model goes here: "anthropic:claude-sonnet-4-5", for example, with `npm install @langchain/anthropic` and
  // ANTHROPIC_API_KEY.
  model: new RefundModel({}),
  tools: [refund],
  middleware: [approval],
  checkpointer,
});

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { thread: { type: "string", default: "refunds" } },
});
const [command = "ask", words = ""] = positionals;
const config = { configurable: { thread_id: options.thread }, durability: /** @type {const} */ ("sync") };

/** What the agent waits for an answer to. */
async function openRequest() {
  const { tasks } = await agent.graph.getState(config);
  return tasks.flatMap(({ interrupts }) => interrupts)[0]?.value.actionRequests[0];
}

/** @param {Parameters<typeof agent.invoke>[0]} input */
async function run(input) {
  const { messages } = await agent.invoke(input, config);
  const request = await openRequest();
  console.log(request ? `waits: ${request.description}` : messages.at(-1)?.text);
}

/** @param {(request: any) => object} decide */
async function answer(decide) {
  const request = await openRequest();
  if (!request) throw new Error(`Nothing waits for an answer in "${options.thread}".`);
  await run(new Command({ resume: { decisions: [decide(request)] } }));
}

const commands = {
  ask: () => run({ messages: [{ role: "user", content: words || "Refund 40 euros for order 1041" }] }),
  approve: () => answer(() => ({ type: "approve" })),
  edit: () =>
    answer(({ name, args }) => ({ type: "edit", editedAction: { name, args: { ...args, amount: Number(words) } } })),
  reject: () => answer(() => ({ type: "reject", message: words || "No." })),
  async history() {
    for await (const { metadata, values, next } of agent.graph.getStateHistory(config)) {
      console.log(`step ${metadata?.step}: ${values.messages?.length ?? 0} messages, next ${next.join() || "nothing"}`);
    }
  },
};

try {
  if (!Object.hasOwn(commands, command))
    throw new Error(`There is no command ${command}. There are ${Object.keys(commands).join(", ")}.`);
  await commands[/** @type {keyof typeof commands} */ (command)]();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
