import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { dieInSecond, limits, openWhenBack, threadOf } from "../../lanes/server/dying.js";
import { allEvents, eventsOf, Gate, serve, type Sent } from "../../lanes/server/served.js";
import { get, mortal, post } from "../../lanes/server/mortal.js";

provideContext();

test("a run whose isolate dies is taken up by who joins its stream, with no gap and no id twice", async () => {
  const served = await threadOf();
  const { effects, json } = served;
  const one = mortal(served);
  const response = await post(one.server, "/threads/t/runs/stream", {
    assistant_id: "steps",
    input: {},
    stream_mode: "updates",
    stream_resumable: true,
  });
  const seen: Sent[] = [];
  for await (const event of eventsOf(response)) {
    seen.push(event);
    if (event.event === "updates") break;
  }
  await dieInSecond(served, one);
  const location = response.headers.get("location")!;
  const rejoined = allEvents(await get(served.server, location, { "last-event-id": seen.at(-1)!.id! }));
  await openWhenBack(effects.gate, 2);
  const rest = await rejoined;

  expect(effects.done).toEqual(["first", "second"]);
  expect([...seen, ...rest].filter(({ event }) => event === "updates").map(({ data }) => data)).toEqual([
    { first: { log: ["first"] } },
    { second: { log: ["second"] } },
  ]);
  expect(rest.at(-1)).toMatchObject({ event: "end" });
  const ids = [...seen, ...rest].flatMap(({ id }) => (id === undefined ? [] : [BigInt(id)]));
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => (a < b ? -1 : 1)));
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "idle", values: { log: ["first", "second"] } });
  // From the start, with all of both attempts that was stored.
  const all = await allEvents(await get(served.server, location, { "last-event-id": "-1" }));
  expect(all.at(-1)).toMatchObject({ event: "end" });
  expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(rest.map(({ id }) => id)));
});

test("work goes on with the run that it names, and with none that has ended or lives", async () => {
  const served = await threadOf();
  const { effects } = served;
  const one = mortal(served);
  const run = (await (await post(one.server, "/threads/t/runs", { assistant_id: "steps", input: {} })).json()) as {
    thread_id: string;
    run_id: string;
  };
  await effects.gate.arrival();
  expect(await served.server.work(run)).toBe(false);
  await dieInSecond(served, one);
  const back = openWhenBack(effects.gate, 2);
  let isDone = false;
  while (!isDone) {
    isDone = await served.server.work(run);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await back;
  expect(await served.server.work(run)).toBe(false);
  expect(effects.done).toEqual(["first", "second"]);
});

test("an answer that was taken is not given to the next question of the node", async () => {
  for (let after = 1; ; after++) {
    // Each time it dies one request later, until it does not die any more.
    const served = serve({ limits });
    await served.json("POST", "/threads", { thread_id: "t" });
    await served.json("POST", "/threads/t/runs/wait", { assistant_id: "ask-twice", input: {} });
    const one = mortal(served);
    one.die(after);
    const body = { assistant_id: "ask-twice", command: { resume: "1" } };
    const response = await post(one.server, "/threads/t/runs/wait", body);
    await response.text().catch(() => undefined);
    const isWhole = one.sent < after;
    const [run] = await served.json<{ run_id: string; status: string }[]>("GET", "/threads/t/runs");
    const isBegun = (await served.json<unknown[]>("GET", "/threads/t/runs")).length === 2;
    if (isBegun) await served.json("GET", `/threads/t/runs/${run!.run_id}/join`);
    const state = await served.json<{ tasks: { interrupts: { value: string }[] }[] }>("GET", "/threads/t/state");
    const question = state.tasks[0]?.interrupts[0]?.value;
    expect([after, question]).toEqual([after, isBegun ? "Two?" : "One?"]);
    expect(served.effects.done.every((one) => one === "one 1")).toBe(true);
    if (isWhole) break;
  }
});

test("who starts a run where another one's isolate has died is as where it lives", async () => {
  for (const multitask_strategy of ["interrupt", "rollback", "enqueue", "reject"]) {
    const served = await threadOf();
    const { effects, json, call } = served;
    const one = mortal(served);
    await post(one.server, "/threads/t/runs", { assistant_id: "steps", input: {} });
    await dieInSecond(served, one);
    await new Promise((resolve) => setTimeout(resolve, 6_500));
    const body = { assistant_id: "ask", input: {}, multitask_strategy };
    const back = multitask_strategy === "enqueue" || multitask_strategy === "reject" ? 2 : 0;
    const opening = back > 0 ? openWhenBack(effects.gate, back) : undefined;
    const response = await call("POST", "/threads/t/runs/wait", body);
    await response.text();
    await opening;
    await served.settled();
    const statuses = (await json<{ status: string }[]>("GET", "/threads/t/runs")).map(({ status }) => status);
    const state = await json<{ values: { log: string[] } }>("GET", "/threads/t/state");
    expect([multitask_strategy, response.status, statuses, state.values.log]).toEqual(
      {
        interrupt: ["interrupt", 200, ["success", "interrupted"], ["first"]],
        rollback: ["rollback", 200, ["success"], []],
        enqueue: ["enqueue", 200, ["success", "success"], ["first", "second"]],
        reject: ["reject", 422, ["success"], ["first", "second"]],
      }[multitask_strategy],
    );
  }
});

test("a run that has begun and waits to be taken up can be rolled back", async () => {
  const served = await threadOf();
  const { json, call } = served;
  const [one, two] = [mortal(served), mortal(served)];
  const dead = (await (await post(one.server, "/threads/t/runs", { assistant_id: "steps", input: {} })).json()) as {
    run_id: string;
  };
  await dieInSecond(served, one);
  await new Promise((resolve) => setTimeout(resolve, 6_500));
  // It is put before this one into the queue, and nobody goes on with either.
  await post(two.server, "/threads/t/runs", { assistant_id: "ask", input: {}, multitask_strategy: "enqueue" });
  two.die();
  const path = `/threads/t/runs/${dead.run_id}/cancel?action=rollback&wait=1`;
  expect((await call("POST", path)).status).toBe(204);
  expect((await json<{ values: object }>("GET", "/threads/t/state")).values).toEqual({});
  expect(await json("POST", "/threads/search", {})).toMatchObject([{ status: "idle" }]);
  expect((await json<{ run_id: string }[]>("GET", "/threads/t/runs")).map(({ run_id }) => run_id)).not.toContain(
    dead.run_id,
  );
});

test("a run that nobody listens to leaves its isolate in time, and a sweep goes on with it", async () => {
  const gate = new Gate();
  const done: string[] = [];
  const node = (name: string) => async () => {
    if (name === "one") await gate.pass();
    done.push(name);
    return { log: [name] };
  };
  const log = Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] });
  const graph = new StateGraph(Annotation.Root({ log }))
    .addNode("one", node("one"))
    .addNode("two", node("two"))
    .addEdge(START, "one")
    .addEdge("one", "two")
    .compile();
  const { json, server, settled } = serve({ graphs: { agent: graph }, limits: { drainSeconds: 1 } });
  await json("POST", "/threads", { thread_id: "t" });
  const run = await json<{ run_id: string }>("POST", "/threads/t/runs", { assistant_id: "agent", input: {} });
  const next = json("POST", "/threads/t/runs/wait", {
    assistant_id: "agent",
    input: {},
    multitask_strategy: "enqueue",
  });
  await gate.arrival();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  gate.open();
  while ((await json("GET", `/threads/t/runs/${run.run_id}`)).status === "running")
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(done).toEqual(["one"]);
  expect(await server.sweep()).toBe(1);
  expect(done).toEqual(["one", "two"]);
  // Who has waited meanwhile has not overtaken it.
  await gate.arrival();
  gate.open();
  expect(await next).toEqual({ log: ["one", "two", "one", "two"] });
  await settled();
  expect((await json<{ status: string }[]>("GET", "/threads/t/runs")).map(({ status }) => status)).toEqual([
    "success",
    "success",
  ]);
});
