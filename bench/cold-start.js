import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundleWorker, startWorker } from "../scripts/lib/demo/worker.js";
import { median } from "./meter.js";
import { heading, tableOf } from "./print.js";

const ROUNDS = 7;
const root = fileURLToPath(new URL("../", import.meta.url));

const GRAPH = `
  import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph/web";
  const builder = new StateGraph(MessagesAnnotation);
  builder.addNode("answer", () => ({ messages: [] })).addEdge(START, "answer");
`;
const CONFIG =
  '{ tableName: "bench", region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } }';

/** Each makes what its first answer needs, and sends nothing. */
const WORKERS = {
  nothing: 'export default { fetch: () => new Response("ok") };',
  "the reader": `
    import { DynamoDBReader } from "./src/reader.ts";
    export default { fetch: () => new Response(typeof new DynamoDBReader(${CONFIG})) };`,
  LangGraph: `${GRAPH}
    export default { fetch: () => new Response(builder.compile().getName()) };`,
  "LangGraph, the saver": `${GRAPH}
    import { DynamoDBSaver } from "./src/index.ts";
    const checkpointer = new DynamoDBSaver(${CONFIG});
    export default { fetch: () => new Response(builder.compile({ checkpointer }).getName()) };`,
  "LangGraph, the saver, the server": `${GRAPH}
    import { DynamoDBSaver } from "./src/index.ts";
    import { createAgentServer } from "./src/server.ts";
    const checkpointer = new DynamoDBSaver(${CONFIG});
    const server = createAgentServer({ graphs: { agent: builder.compile() }, checkpointer, authenticate: false });
    export default { fetch: () => server.fetch(new Request("https://bench.example/ok")) };`,
};

/** How long a Worker takes from its start to its first answer, in a workerd of its own without Node compatibility. */
export async function printColdStart() {
  heading(`Cold start in workerd: from the start of the process to the first answer, ${ROUNDS} times each`);
  const workers = await Promise.all(
    Object.entries(WORKERS).map(async ([name, contents]) => {
      const script = await bundleWorker({ stdin: { contents, resolveDir: root }, minify: true });
      return { name, script, durationsMs: /** @type {number[]} */ ([]) };
    }),
  );
  for (let round = 0; round < ROUNDS; round++) {
    // In turns, so that what else the machine does meets all of them.
    for (const { script, durationsMs } of workers) durationsMs.push(await firstAnswerMs(script));
  }
  const table = tableOf("the Worker has", "gzip -9", "fastest ms", "median ms");
  for (const { name, script, durationsMs } of workers) {
    table.push([
      name,
      gzipSync(script, { level: 9 }).length,
      Math.min(...durationsMs).toFixed(0),
      median(durationsMs).toFixed(0),
    ]);
  }
  console.log(table.toString());
}

/** @param {string} script */
async function firstAnswerMs(script) {
  const start = performance.now();
  const worker = await startWorker(
    { script, compatibilityDate: "2026-04-01", compatibilityFlags: [], vars: {} },
    { vars: {} },
  );
  try {
    const response = await fetch(worker.url);
    if (!response.ok) throw new Error(`The Worker answered ${response.status}: ${await response.text()}`);
    await response.text();
    return performance.now() - start;
  } finally {
    await worker.kill();
  }
}
