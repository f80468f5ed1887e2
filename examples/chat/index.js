// A chat that remembers across processes: each message is a process of its own, and the thread is in DynamoDB. What is
// older than the last few messages is folded into a summary, so neither the prompt nor the state grows without end.
//
//   npm run example -- chat                      plays a conversation
//   npm run example -- chat "Hi, I am Ada."      says one thing more; --thread <name> in another thread
import { RemoveMessage } from "@langchain/core/messages";
import { END, MessagesValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { parseArgs } from "node:util";
import { z } from "zod";

/** @import { BaseMessage } from "@langchain/core/messages" */

const KEEP = 4;

/**
 * In place of a model: it knows what stands in the summary and in the messages, and nothing else.
 * @param {string} summary
 * @param {BaseMessage[]} messages
 */
function chatModel(summary, messages) {
  const known = [
    summary,
    ...messages.filter((message) => message.type === "human").map((message) => message.text),
  ].join(". ");
  const name = /\bI am (\w+)/.exec(known)?.[1];
  const likes = [...known.matchAll(/\bI like ([\w ]+)/g)].map(([, what]) => what);
  const greeting = name ? `Hello ${name}.` : "Hello, who are you?";
  return likes.length > 0 ? `${greeting} You like ${likes.join(" and ")}.` : greeting;
}

/**
 * In place of a model as well: keeps the sentences that say something about the user.
 * @param {string} summary
 * @param {BaseMessage[]} messages
 */
const summaryModel = (summary, messages) =>
  [
    summary,
    ...messages.flatMap((message) =>
      message.type === "human" ? (message.text.match(/\bI (am|like) [\w ]+/g) ?? []) : [],
    ),
  ]
    .filter(Boolean)
    .join(". ");

const State = new StateSchema({ messages: MessagesValue, summary: z.string().default("") });

const checkpointer = DynamoDBSaver.fromEnv(process.env);
await checkpointer.setup();

const graph = new StateGraph(State)
  .addNode("answer", ({ messages, summary }) => ({
    messages: { role: "assistant", content: chatModel(summary, messages) },
  }))
  .addNode("summarize", ({ messages, summary }) => {
    const old = messages.slice(0, -KEEP);
    return { summary: summaryModel(summary, old), messages: old.map(({ id = "" }) => new RemoveMessage({ id })) };
  })
  .addEdge(START, "answer")
  .addConditionalEdges("answer", ({ messages }) => (messages.length > KEEP ? "summarize" : END), ["summarize", END])
  .addEdge("summarize", END)
  .compile({ checkpointer });

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { thread: { type: "string", default: "chat" } },
});
const config = { configurable: { thread_id: options.thread } };

const { messages, summary } = await graph.invoke(
  { messages: { role: "user", content: positionals.join(" ") || "Hi." } },
  config,
);
console.log(messages.at(-1)?.text);
console.log(`  (${messages.length} messages kept; summary: ${summary || "none yet"})`);
