// Records the threads that docs/command-line.md shows, as exports in tests/cli/threads: real runs of a graph, on a
// clock of their own.
//
//   node scripts/record-threads.js
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { Annotation, Command, END, interrupt, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { startEmbeddedDynamoDB } from "./lib/servers/embedded-dynamodb.js";
import { claimPort } from "./lib/servers/ports.js";
import { importSaver } from "./lib/saver.js";

/** Nothing here takes as long as a model does, so the time goes on by itself. */
let now = Date.parse("2026-11-02T09:14:03.000Z");
const RealDate = Date;
const OwnDate = /** @type {any} */ (RealDate);
globalThis.Date = /** @type {any} */ (
  class extends OwnDate {
    /** @param {any[]} args */
    constructor(...args) {
      super(...(args.length > 0 ? args : [now]));
    }
    static now() {
      return now;
    }
  }
);
const pause = (/** @type {number} */ seconds) => (now += seconds * 1_000);

const folder = await mkdtemp(join(tmpdir(), "record-"));
const dynamodb = await startEmbeddedDynamoDB({ path: folder, port: await claimPort(0, "the embedded DynamoDB") });
const { DynamoDBSaver } = await importSaver();
const saver = new DynamoDBSaver({
  tableName: "langgraph-checkpoints",
  region: "us-east-1",
  endpoint: dynamodb.endpoint,
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
await saver.setup();

/* An agent of a shop: it looks an order up, and refunds it when somebody has approved. */
const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  order: /** @type {typeof Annotation<any>} */ (Annotation)(),
  refund: /** @type {typeof Annotation<string>} */ (Annotation)(),
});
/** @param {{ messages: import("@langchain/core/messages").BaseMessage[] }} state */
const callsOf = ({ messages }) => /** @type {AIMessage | undefined} */ (messages.at(-1))?.tool_calls ?? [];
const lookUp = new StateGraph(State)
  .addNode("search", () => {
    pause(1);
    return { order: { id: "A-1041", item: "Espresso machine", price: 249, delivered: false } };
  })
  .addEdge(START, "search")
  .compile();
const graph = new StateGraph(State)
  .addNode("agent", ({ messages }) => {
    pause(3);
    const last = messages.at(-1);
    if (!(last instanceof ToolMessage))
      return {
        messages: [
          new AIMessage({
            id: `ai-${messages.length}`,
            content: "",
            tool_calls: [{ id: `call-${messages.length}`, name: "look_up", args: { order: "A-1041" } }],
          }),
        ],
      };
    return {
      messages: [
        new AIMessage({
          id: `ai-${messages.length}`,
          content: "Your espresso machine was not delivered. I can refund 249 euros.",
        }),
      ],
    };
  })
  .addNode("look_up", lookUp)
  .addNode("told", (state) => ({
    messages: [
      new ToolMessage({
        id: `tool-${state.messages.length}`,
        tool_call_id: callsOf(state)[0]?.id ?? "",
        content: "not delivered",
      }),
    ],
  }))
  .addNode("approve", ({ order }) => ({
    refund: interrupt({ question: `Refund ${order.price} euros for ${order.id}?` }) === "yes" ? "done" : "declined",
  }))
  .addEdge(START, "agent")
  .addConditionalEdges("agent", (state) => (callsOf(state).length > 0 ? "look_up" : "approve"), ["look_up", "approve"])
  .addEdge("look_up", "told")
  .addEdge("told", "agent")
  .addEdge("approve", END)
  .compile({ checkpointer: saver });

const at = (/** @type {string} */ id) => ({ configurable: { thread_id: id } });
const ask = (/** @type {string} */ id, /** @type {string} */ text) =>
  graph.invoke({ messages: [new HumanMessage({ id: "human-0", content: text })] }, at(id));

await ask("order-1041", "Where is my espresso machine?");
pause(420);
// Somebody says no, and then goes back and asks again in other words: a fork.
await graph.invoke(new Command({ resume: "no" }), at("order-1041"));
pause(60);
const history = [];
for await (const snapshot of graph.getStateHistory(at("order-1041"))) history.push(snapshot);
const asked = history.find(({ next }) => next.includes("approve"));
if (!asked) throw new Error("The graph did not ask.");
await graph.updateState(asked.config, {
  order: { id: "A-1041", item: "Espresso machine", price: 199, delivered: false },
});
await graph.invoke(null, at("order-1041"));
pause(86_400);
await ask("order-1042", "My grinder is loud.");
pause(3_600);
await ask("user-7/chat", "Hello");
await graph.invoke(new Command({ resume: "yes" }), at("user-7/chat"));

for (const id of ["order-1041", "order-1042", "user-7/chat"]) {
  let text = "";
  for await (const line of saver.exportThread(id)) text += `${line}\n`;
  await writeFile(new URL(`../tests/cli/threads/${id.replace("/", "-")}.jsonl`, import.meta.url), text);
}
globalThis.Date = RealDate;
await dynamodb.stop();
await rm(folder, { recursive: true });
