// A process that resumes approvals, one after the other, as its parent tells it to: see lease-processes.test.ts.
import { appendFile, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { Annotation, Command, interrupt, START, StateGraph } from "@langchain/langgraph";
import { DynamoDBSaver } from "../../dist/index.js";

const { LEDGER = "", KEY_PREFIX = "" } = process.env;
const checkpointer = DynamoDBSaver.fromEnv(process.env, { keyPrefix: KEY_PREFIX });

/** What the parent has said of the round that is under way. */
let round = { thread: "", delayMs: 0, toolMs: 0, dies: false, waitSeconds: 0 };

/** In place of a bank: it makes no second refund for a key that it has seen. */
async function refund(/** @type {string} */ key) {
  await appendFile(`${LEDGER}/${key}.attempts`, "x");
  await wait(round.toolMs);
  await writeFile(`${LEDGER}/${key}.paid`, "", { flag: "wx" }).then(
    () => appendFile(`${LEDGER}/${key}.effects`, "x"),
    () => undefined,
  );
}

const graph = new StateGraph(Annotation.Root({ key: Annotation(), outcome: Annotation() }))
  .addNode("refund", async ({ key }) => {
    interrupt("Pay it back?");
    await refund(String(key));
    if (round.dies) process.kill(process.pid, "SIGKILL"); // the money has moved, and no checkpoint says so
    return { outcome: "paid" };
  })
  .addEdge(START, "refund")
  .compile({ checkpointer });

/** @param {typeof round & { begin?: boolean }} message */
async function live(message) {
  round = message;
  const config = { configurable: { thread_id: round.thread } };
  try {
    if (message.begin) {
      await graph.invoke({ key: round.thread }, config);
      process.send?.({ outcome: "asked" });
      return;
    }
    await wait(round.delayMs);
    const outcome = await checkpointer.withLease(
      round.thread,
      async ({ configurable, signal }) => {
        const held = { configurable: { ...config.configurable, ...configurable }, signal };
        const { tasks } = await graph.getState(held);
        if (!tasks.some(({ interrupts }) => interrupts.length > 0)) return "was answered";
        await graph.invoke(new Command({ resume: "yes" }), held);
        return "paid";
      },
      { leaseSeconds: 1, waitSeconds: round.waitSeconds, holder: `process ${process.pid}` },
    );
    process.send?.({ outcome });
  } catch (error) {
    process.send?.({ outcome: /** @type {{ code?: string }} */ (error).code ?? String(error) });
  }
}

process.on("message", (/** @type {typeof round} */ message) => void live(message));
process.send?.({ outcome: "ready" });
