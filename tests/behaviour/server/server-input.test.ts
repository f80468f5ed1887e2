import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { serve } from "../../lanes/server/served.js";

provideContext();

async function threadOf(options: Parameters<typeof serve>[0] = {}) {
  const served = serve(options);
  await served.json("POST", "/threads", { thread_id: "t" });
  return served;
}

test("a command goes to nodes, with an input of their own where it gives one, and updates the state", async () => {
  const log = Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] });
  const graph = new StateGraph(Annotation.Root({ log }))
    .addNode("ask", () => ({ log: ["asked"] }))
    .addNode("after", ({ log }) => ({ log: [`after ${log.join()}`] }))
    .addConditionalEdges(START, () => "ask", ["ask", "after"])
    .compile();
  const { json } = await threadOf({ graphs: { ask: graph } });
  const run = (command: object) => json("POST", "/threads/t/runs/wait", { assistant_id: "ask", command });
  expect(await run({ goto: "after" })).toEqual({ log: ["after "] });
  expect(await run({ goto: ["after"], update: { log: ["b"] } })).toEqual({ log: ["after ", "b", "after after ,b"] });
  const sent = await run({ goto: [{ node: "after", input: { log: ["own"] } }, "ask"], update: [["log", ["c"]]] });
  expect((sent.log as string[]).slice(3)).toEqual(["c", "asked", "after own"]);
});

test.each([
  [{ input: {} }, /assistant_id is missing/],
  [{ assistant_id: "chat", stream_mode: "all" }, /stream_mode must be some of/],
  [{ assistant_id: "chat", multitask_strategy: "hope" }, /multitask_strategy must be one of/],
  [{ assistant_id: "chat", command: {} }, /command must have one of/],
  [{ assistant_id: "chat", command: { goto: [{ input: 1 }] } }, /must be a node's name, \{ node, input \}/],
  [{ assistant_id: "chat", command: { update: "all" } }, /command\.update must be an object/],
  [{ assistant_id: "chat", config: { recursion_limit: "many" } }, /recursion_limit/],
  [{ assistant_id: "chat", after_seconds: 3 }, /for runs in the background/],
])("a run that begins with %j is refused with what to do", async (body, message) => {
  const { call } = await threadOf();
  const response = await call("POST", "/threads/t/runs/stream", body);
  expect(response.status).toBe(422);
  expect(await response.text()).toMatch(message);
});

test("what a client sets of the configurable reaches the graph, and nothing that is the server's", async () => {
  const { json } = await threadOf({ authenticate: () => ({ user: { name: "Ada" } }) });
  const config = { configurable: { thread_id: "other", lease: {}, langgraph_auth_user: "me", __pregel_x: 1 } };
  expect(await json("POST", "/threads/t/runs/wait", { assistant_id: "user", input: {}, config })).toEqual({
    log: ['{"name":"Ada"}', "no store"],
  });
});
