import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { dieInSecond, openWhenBack, threadOf } from "../../lanes/server/dying.js";
import { mortal, post } from "../../lanes/server/mortal.js";

provideContext();

test("a run in the background whose isolate dies is taken up by a sweep, and once", async () => {
  const served = await threadOf();
  const { effects, json } = served;
  const one = mortal(served);
  await post(one.server, "/threads/t/runs", { assistant_id: "steps", input: {} });
  await dieInSecond(served, one);
  const back = openWhenBack(effects.gate, 2);
  const two = served.another();
  const took: number[] = [];
  while (took.reduce((sum, n) => sum + n, 0) === 0) {
    took.push(...(await Promise.all([served.server.sweep(), two.sweep()])));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await back;
  expect(took.filter((n) => n > 0)).toEqual([1]);
  expect(effects.done).toEqual(["first", "second"]);
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "idle" });
  expect(await json("GET", "/threads/t/runs")).toMatchObject([{ status: "success" }]);
  expect(await served.server.sweep()).toBe(0);
});

test.each([
  ["continue", ["first", "second"], "success", "idle"],
  ["cancel", ["first"], "interrupted", "interrupted"],
])("a streamed run whose isolate dies is swept, with on_disconnect %s", async (on_disconnect, log, status, thread) => {
  const served = await threadOf();
  const { effects, json } = served;
  const one = mortal(served);
  const body = { assistant_id: "steps", input: {}, on_disconnect };
  await post(one.server, "/threads/t/runs/stream", body);
  await dieInSecond(served, one);
  const back = on_disconnect === "continue" ? openWhenBack(effects.gate, 2) : undefined;
  while ((await json<{ status: string }[]>("GET", "/threads/t/runs"))[0]!.status === "running") {
    await served.server.sweep();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await back;
  expect(effects.done).toEqual(log);
  expect(await json("GET", "/threads/t/state")).toMatchObject({ values: { log } });
  expect(await json("GET", "/threads/t/runs")).toMatchObject([{ status }]);
  expect(await json("POST", "/threads/search", {})).toMatchObject([{ status: thread }]);
});

test("who takes up a run takes up all that wait behind it and have lost their isolates", async () => {
  const served = await threadOf();
  const { effects, json } = served;
  const one = mortal(served);
  const two = mortal(served);
  const body = { assistant_id: "steps", input: {}, multitask_strategy: "enqueue" };
  const run = (await (await post(one.server, "/threads/t/runs", body)).json()) as { run_id: string };
  await effects.gate.arrival();
  await post(two.server, "/threads/t/runs", { ...body, assistant_id: "ask" });
  two.die();
  await dieInSecond(served, one);
  const back = openWhenBack(effects.gate, 2);
  await json("GET", `/threads/t/runs/${run.run_id}/join`);
  await back;
  await served.settled();
  expect((await json<{ status: string }[]>("GET", "/threads/t/runs")).map(({ status }) => status)).toEqual([
    "success",
    "success",
  ]);
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "interrupted" });
});

test("who listens to a run that waits takes up those before it that have lost their isolates", async () => {
  const served = await threadOf();
  const { effects, json } = served;
  const [one, two, three] = [mortal(served), mortal(served), mortal(served)];
  const body = { assistant_id: "steps", input: {}, multitask_strategy: "enqueue" };
  await post(one.server, "/threads/t/runs", body);
  await effects.gate.arrival();
  await post(two.server, "/threads/t/runs", { ...body, assistant_id: "ask" });
  two.die();
  const last = (await (await post(three.server, "/threads/t/runs", { ...body, assistant_id: "chat" })).json()) as {
    run_id: string;
  };
  three.die();
  await dieInSecond(served, one);
  const back = openWhenBack(effects.gate, 2);
  await json("GET", `/threads/t/runs/${last.run_id}/join`);
  await back;
  await served.settled();
  expect((await json<{ status: string }[]>("GET", "/threads/t/runs")).map(({ status }) => status)).toEqual([
    "success",
    "success",
    "success",
  ]);
});

test("a run that is to begin later begins by a sweep when its time has come", async () => {
  const { json, server, effects } = await threadOf();
  const later = { assistant_id: "ask", input: {}, after_seconds: 1 };
  await json("POST", "/threads/t/runs", later);
  expect(await server.sweep()).toBe(0);
  expect(await json("GET", "/threads/t/runs")).toMatchObject([{ status: "pending" }]);
  let taken = 0;
  while (taken === 0) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    taken = await server.sweep();
  }
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "interrupted" });
  expect(effects.done).toEqual([]);
});
