import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { atEachRequest } from "../../lanes/server/each-request.js";
import { mortal, post } from "../../lanes/server/mortal.js";
import { serve } from "../../lanes/server/served.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";

provideContext();

/* What names a checkpoint. */

const UNKNOWN = "1f1eb213-0000-6000-8000-000000000000";
const input = { assistant_id: "ask", input: {} };

test("a checkpoint that is not there is 404 on every route, before anything is stored", async () => {
  const { call, json, world } = serve();
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs/wait", input);
  const before = await itemsWithPrefix(world.keyPrefix);
  const named = [{ checkpoint_id: UNKNOWN }, { checkpoint: { checkpoint_id: UNKNOWN, checkpoint_ns: "" } }];
  const asked: [string, string, object?][] = [
    ["GET", `/threads/t/state/${UNKNOWN}`],
    ["POST", "/threads/t/state/checkpoint", named[1]!],
    ...named.flatMap((one): [string, string, object][] => [
      ["POST", "/threads/t/state", { values: { log: ["no"] }, as_node: "after", ...one }],
      ["POST", "/threads/t/runs", { ...input, ...one }],
      ["POST", "/threads/t/runs", { ...input, ...one, after_seconds: 60 }],
      ["POST", "/threads/t/runs/wait", { ...input, ...one, multitask_strategy: "enqueue" }],
      ["POST", "/threads/t/runs/stream", { ...input, ...one, input: null, command: { resume: "yes" } }],
      ["POST", "/threads/new/runs/wait", { ...input, ...one, if_not_exists: "create" }],
      ["POST", "/runs/wait", { ...input, ...one }],
    ]),
  ];
  for (const [method, path, body] of asked) {
    const response = await call(method, path, body);
    expect([method, path, response.status, await response.text()]).toEqual([
      method,
      path,
      404,
      "There is no such checkpoint.",
    ]);
  }
  const marker = ({ SK }: { SK?: { S?: string } }): boolean => SK?.S === "C#$";
  const after = await itemsWithPrefix(world.keyPrefix);
  expect(after.filter((item) => !marker(item))).toEqual(before.filter((item) => !marker(item)));
});

test("a run whose checkpoint is gone when its turn comes ends with an error", async () => {
  const { json, call, effects, settled } = serve();
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs", { assistant_id: "steps", input: {} });
  await effects.gate.arrival();
  const stateNow = () => json<{ checkpoint: object; next: string[] }>("GET", "/threads/t/state");
  let { checkpoint, next } = await stateNow();
  while (next[0] !== "second") ({ checkpoint, next } = await stateNow());
  const body = { ...input, checkpoint, multitask_strategy: "rollback" };
  expect(await (await call("POST", "/threads/t/runs/wait", body)).json()).toMatchObject({
    __error__: { message: "There is no such checkpoint." },
  });
  effects.gate.open();
  await settled();
  expect((await json("GET", "/threads/t/state")).values).toEqual({});
});

test("a run at a checkpoint begins there, after whichever request its isolate dies", async () => {
  const log = Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] });
  const graph = new StateGraph(Annotation.Root({ log }))
    .addNode("say", ({ log }) => ({ log: [`after ${log.at(-1)}`] }))
    .addEdge(START, "say")
    .compile();
  const live = async (after: number): Promise<boolean> => {
    const served = serve({ graphs: { agent: graph }, limits: { leaseSeconds: 1 } });
    const { json, call, world } = served;
    await json("POST", "/threads", { thread_id: "t" });
    const turn = (word: string) => ({ assistant_id: "agent", input: { log: [word] } });
    await json("POST", "/threads/t/runs/wait", turn("one"));
    const { checkpoint } = await json<{ checkpoint: object }>("GET", "/threads/t/state");
    await json("POST", "/threads/t/runs/wait", turn("two"));
    const one = mortal({ ...served, another: (more) => served.another({ checkpointer: createSaver(world), ...more }) });
    one.die(after);
    await (await post(one.server, "/threads/t/runs/wait", { ...turn("three"), checkpoint })).text().catch(() => "");
    const runs = await json<{ run_id: string }[]>("GET", "/threads/t/runs");
    if (runs.length === 3) {
      const joined = await (await call("GET", `/threads/t/runs/${runs[0]!.run_id}/join`)).json();
      expect([after, joined]).not.toHaveProperty("1.__error__");
      const { values } = await json<{ values: { log: string[] } }>("GET", "/threads/t/state");
      expect([after, values.log]).toEqual([after, ["one", "after one", "three", "after three"]]);
    }
    return one.sent < after;
  };
  expect((await atEachRequest(live, (isWhole) => isWhole)).cuts).toBeGreaterThan(10);
});
