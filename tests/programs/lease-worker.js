// A process that resumes approvals, one after the other, as its parent tells it to: see lease-processes.test.ts.
import { appendFile, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { Annotation, Command, interrupt, START, StateGraph } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";

/** @typedef {{ thread: string, begin?: boolean, delayMs: number, toolMs: number, waitSeconds: number }} Order */

const { LEDGER = "", KEY_PREFIX = "" } = process.env;
/** Of the round: all requests; when the last renewal was sent that was granted; and how many were not. */
const sent = { requests: 0, renewedMs: 0, refused: 0 };
const checkpointer = DynamoDBSaver.fromEnv(process.env, {
  keyPrefix: KEY_PREFIX,
  // A machine that runs all tests at once can be slow, and nothing here is about that.
  requestTimeoutMs: 60_000,
  fetch: async (url, init) => {
    sent.requests++;
    const sentMs = Date.now();
    const answer = await fetch(url, init);
    if (!Buffer.from(/** @type {Uint8Array} */ (init?.body)).includes('"SET #until = :until"')) return answer;
    if (answer.ok) sent.renewedMs = sentMs;
    else sent.refused++;
    return answer;
  },
});

let toolMs = 0;

/** In place of a bank: it makes no second refund for a key that it has seen. */
async function refund(/** @type {string} */ key) {
  await appendFile(`${LEDGER}/${key}.attempts`, "x");
  await wait(toolMs);
  await writeFile(`${LEDGER}/${key}.paid`, "", { flag: "wx" }).catch(() => undefined);
}

const graph = new StateGraph(Annotation.Root({ key: Annotation(), outcome: Annotation() }))
  .addNode("refund", async ({ key }) => {
    interrupt("Pay it back?");
    await refund(String(key));
    return { outcome: "paid" };
  })
  .addEdge(START, "refund")
  .compile({ checkpointer });

/** @param {Order} order @returns {Promise<string>} what came of it */
async function follow({ thread, begin, delayMs, waitSeconds, ...order }) {
  toolMs = order.toolMs;
  const config = { configurable: { thread_id: thread } };
  if (begin) {
    await graph.invoke({ key: thread }, config);
    return "asked";
  }
  await wait(delayMs);
  Object.assign(sent, { requests: 0, renewedMs: 0, refused: 0 });
  return checkpointer.withLease(
    thread,
    async ({ configurable, signal }) => {
      process.send?.({ holds: thread });
      const held = { configurable: { ...config.configurable, ...configurable }, signal };
      const { tasks } = await graph.getState(held);
      if (!tasks.some(({ interrupts }) => interrupts.length > 0)) return "was answered";
      await graph.invoke(new Command({ resume: "yes" }), held);
      return "paid";
    },
    { leaseSeconds: 1, waitSeconds, holder: `process ${process.pid}` },
  );
}

process.on("message", (/** @type {Order} */ order) => {
  void follow(order).then(
    (outcome) => process.send?.({ outcome, ...sent }),
    (/** @type {Error & { code?: string }} */ error) =>
      process.send?.({ outcome: error.code ?? error.message, ...sent }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ outcome: "ready", ...sent });
