// A person approves a transfer of money before it is made. The request waits in DynamoDB, not in a process, and the
// money moves once, even when the process dies between the transfer and its checkpoint: the bank knows the key of a
// transfer. Of two who answer at once, one has the thread to itself, and the other one is told.
//
//   npm run example -- approval                              plays: approved, died, resumed; rejected
//   npm run example -- approval request rent Alice 1200      and: pending, approve rent, reject rent "too much", resume
//   rent
import { Command, END, START, StateGraph, StateSchema, interrupt } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { crash: { type: "boolean" } } });
const [command = "pending", id = "", ...rest] = positionals;

/**
 * In place of a bank, whose ledger is a folder. As real ones do, it makes no second transfer for a key it has seen.
 * @param {string} key
 * @param {{ to: string, amount: number }} transfer
 */
async function bankTransfer(key, transfer) {
  await mkdir("ledger", { recursive: true });
  try {
    await writeFile(`ledger/${key}.json`, JSON.stringify(transfer), { flag: "wx" });
    console.log(`  bank: ${transfer.amount} to ${transfer.to}`);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    console.log("  bank: this transfer was made before");
  }
}

const State = new StateSchema({
  to: z.string(),
  amount: z.number(),
  key: z.string().default(""),
  outcome: z.string().default(""),
});

/** @typedef {{ approved: boolean, reason?: string }} Decision */

const checkpointer = DynamoDBSaver.fromEnv(process.env);
await checkpointer.setup();

const graph = new StateGraph(State)
  // A step of its own: the key is stored before anything is done with it, so every attempt has the same.
  .addNode("prepare", () => ({ key: randomUUID(), outcome: "" }))
  .addNode(
    "approve",
    ({ to, amount }) => {
      const { approved, reason } = /** @type {Decision} */ (interrupt({ question: `Transfer ${amount} to ${to}?` }));
      return approved
        ? new Command({ goto: "transfer" })
        : new Command({ goto: END, update: { outcome: `rejected: ${reason}` } });
    },
    { ends: ["transfer", END] },
  )
  .addNode("transfer", async ({ key, to, amount }) => {
    await bankTransfer(key, { to, amount });
    if (options.crash) process.kill(process.pid, "SIGKILL"); // the money has moved, and no checkpoint says so
    return { outcome: `transferred ${amount} to ${to}` };
  })
  .addEdge(START, "prepare")
  .addEdge("prepare", "approve")
  .addEdge("transfer", END)
  .compile({ checkpointer });

const config = { configurable: { thread_id: id }, durability: /** @type {const} */ ("sync") };

/**
 * @param {Parameters<typeof graph.invoke>[0]} input
 * @param {boolean} [isAnswer] whether there must be a question
 */
async function run(input, isAnswer) {
  // Who waits for the other one finds that the question was answered.
  await checkpointer.withLease(
    id,
    async ({ configurable, signal }) => {
      const held = { ...config, signal, configurable: { ...config.configurable, ...configurable } };
      const { tasks } = isAnswer ? await graph.getState(held) : { tasks: [] };
      if (isAnswer && !tasks.some(({ interrupts }) => interrupts.length > 0))
        throw new Error(`"${id}" does not wait for an answer.`);
      await graph.invoke(input, held);
    },
    { leaseSeconds: 5, waitSeconds: 30 },
  );
  await show(id);
}

/** @param {Decision} decision */
const answer = (decision) => run(new Command({ resume: decision }), true);

/** @param {string} thread_id */
async function show(thread_id) {
  const { values, next, tasks } = await graph.getState({ configurable: { thread_id } });
  const question = tasks.flatMap(({ interrupts }) => interrupts)[0]?.value.question;
  console.log(`${thread_id}: ${question ?? (next.length > 0 ? `stopped in ${next.join()}` : values.outcome)}`);
}

const commands = {
  request: () => run({ to: rest[0] ?? "Alice", amount: Number(rest[1] ?? 100) }),
  approve: () => answer({ approved: true }),
  reject: () => answer({ approved: false, reason: rest.join(" ") || "no reason given" }),
  resume: () => run(null),
  async pending() {
    for await (const { threadId } of checkpointer.listThreads()) await show(threadId);
  },
};

try {
  if (!Object.hasOwn(commands, command))
    throw new Error(`There is no command ${command}. There are ${Object.keys(commands).join(", ")}.`);
  if (command !== "pending" && !id) throw new Error(`Which transfer? For example: ${command} rent`);
  await commands[/** @type {keyof typeof commands} */ (command)]();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
