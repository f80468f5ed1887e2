// A content pipeline that survives its process: research, outline, draft, finalize. Every finished step is stored
// before the next one begins, so a run that was killed or failed goes on at the step it was in; and you can go back to
// any step.
//
//   npm run example -- pipeline                          plays: killed in the middle, resumed, failed, retried, rolled
//   back npm run example -- pipeline start "edge databases"   and: status, resume, retry, history, rollback <step>
import { END, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { parseArgs } from "node:util";
import { z } from "zod";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { "crash-in": { type: "string" }, "fail-in": { type: "string" } },
});
const [command = "status", argument = ""] = positionals;

/**
 * In place of a model. It can be told to die or to fail.
 * @param {string} step
 * @param {string} answer
 */
async function model(step, answer) {
  console.log(`  ${step} …`);
  if (options["crash-in"] === step) process.kill(process.pid, "SIGKILL"); // a lost machine: nothing gets to clean up
  if (options["fail-in"] === step) throw new Error("the model is overloaded");
  return answer;
}

const State = new StateSchema({
  topic: z.string(),
  facts: z.array(z.string()).default([]),
  sections: z.array(z.string()).default([]),
  text: z.string().default(""),
  article: z.string().default(""),
});

const checkpointer = DynamoDBSaver.fromEnv(process.env);
await checkpointer.setup();

const pipeline = new StateGraph(State)
  .addNode("research", async ({ topic }) => ({
    facts: (await model("research", `${topic} are fast; ${topic} are everywhere`)).split("; "),
  }))
  .addNode("outline", async ({ facts }) => ({
    sections: (await model("outline", `Why ${facts.join("; How ")}`)).split("; "),
  }))
  .addNode("draft", async ({ sections }) => ({ text: await model("draft", `${sections.join(". ")}.`) }))
  .addNode("finalize", async ({ topic, text }) => ({ article: await model("finalize", `# ${topic}\n\n${text}`) }))
  .addEdge(START, "research")
  .addEdge("research", "outline")
  .addEdge("outline", "draft")
  .addEdge("draft", "finalize")
  .addEdge("finalize", END)
  .compile({ checkpointer });

const thread = { configurable: { thread_id: "article" } };

/**
 * Runs to the end. Without an input it goes on from the checkpoint that `config` names, or from the latest.
 * @param {{ topic: string } | null} input
 * @param {import("@langchain/core/runnables").RunnableConfig} [config]
 */
async function run(input, config = thread) {
  // "sync": a step's checkpoint is stored before the next step begins. With "async" the last one may have to be redone.
  const updates = await pipeline.stream(input, { ...config, streamMode: "updates", durability: "sync" });
  for await (const update of updates) console.log(`  ${Object.keys(update).join()} stored`);
}

const commands = {
  start: () => run({ topic: argument || "edge databases" }),
  resume: () => run(null),
  retry: () => run(null), // a failed step is one that has not finished

  async status() {
    const { values, next, tasks, createdAt } = await pipeline.getState(thread);
    if (!createdAt) return console.log("not started");
    if (next.length === 0) return console.log(`finished:\n${values.article}`);
    const error = /** @type {{ message?: string } | undefined} */ (tasks[0]?.error);
    console.log(error ? `failed in ${next.join()}: ${error.message}` : `stopped in ${next.join()}`);
  },

  async history() {
    for await (const { metadata, next, createdAt } of pipeline.getStateHistory(thread)) {
      console.log(
        createdAt,
        `step ${metadata?.step}`.padEnd(8),
        metadata?.source?.padEnd(5),
        next.length > 0 ? `next: ${next.join()}` : "finished",
      );
    }
  },

  async rollback() {
    for await (const { next, config } of pipeline.getStateHistory(thread)) {
      if (next.includes(argument)) return run(null, config); // a new branch; the old one stays in the history
    }
    throw new Error(
      `No checkpoint comes before ${argument || "which step"}. Steps are research, outline, draft, finalize.`,
    );
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
