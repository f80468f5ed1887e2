import { createAgentServer } from "langgraph-checkpoint-dynamodb/server";
import { buildAgent, text, wordStream } from "./agent.js";
import { countingSegments, median } from "./meter.js";
import { heading, tableOf } from "./print.js";

/** A streamed turn takes so many requests at most. Those that store segments are counted apart. */
const REQUESTS = { "without a log": 20, "with a log": 45 };
const TURNS = 20;

/**
 * A turn of four nodes through the agent server. The first one of its thread is not counted.
 * @param {import("langgraph-checkpoint-dynamodb").DynamoDBSaverOptions} options
 * @param {import("./meter.js").Meter} meter
 * @param {import("./budgets.js").Budgets} budgets
 */
export async function printServer(options, meter, budgets) {
  heading(`a turn of 4 nodes through the agent server, the mean of ${TURNS}`);
  const { saver: checkpointer, stored } = countingSegments(options);
  const server = createAgentServer({
    graphs: { agent: /** @type {any} */ (buildAgent(checkpointer)) },
    checkpointer,
    authenticate: () => ({ owner: "bench" }),
    limits: { leaseSeconds: 300 },
  });
  /** @param {string} path @param {object} body */
  const post = async (path, body) => {
    const init = { method: "POST", body: JSON.stringify(body) };
    const response = await server.fetch(new Request(`https://bench.example${path}`, init));
    const answer = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${answer}`);
  };
  const table = tableOf("", "requests", "budget", "of segments besides", "write units", "read units", "median ms");
  for (const [name, most] of Object.entries(REQUESTS)) {
    const thread_id = `bench-server-${name.replaceAll(" ", "-")}`;
    const words = wordStream();
    const turn = () =>
      post(`/threads/${thread_id}/runs/stream`, {
        assistant_id: "agent",
        input: { messages: [{ type: "human", content: text(words, 100) }] },
        stream_mode: ["values", "updates", "messages-tuple"],
        stream_resumable: name === "with a log",
      });
    await post("/threads", { thread_id });
    await turn();
    meter.reset();
    stored.segments = 0;
    const durationsMs = [];
    for (let i = 0; i < TURNS; i++) {
      const start = performance.now();
      await turn();
      durationsMs.push(performance.now() - start);
    }
    const { requests: all, writeUnits, readUnits } = meter.total();
    const requests = (all - stored.segments) / TURNS;
    table.push([
      name,
      requests,
      `${most}: ${budgets.judge(`requests of a turn through the server, ${name}`, requests, most)}`,
      stored.segments / TURNS,
      ...[writeUnits, readUnits].map((units) => (units / TURNS).toFixed(1)),
      median(durationsMs).toFixed(1),
    ]);
  }
  console.log(table.toString());
}
