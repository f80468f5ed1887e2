import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { get, post } from "../../lanes/server/mortal.js";
import { allEvents, serve } from "../../lanes/server/served.js";

provideContext();

interface RunShape {
  run_id: string;
  status: string;
}

/** A run that waits in its second node. */
async function busy(options: Parameters<typeof serve>[0] = {}) {
  const served = serve(options);
  await served.json("POST", "/threads", { thread_id: "t" });
  const run = await served.json<RunShape>("POST", "/threads/t/runs", { assistant_id: "steps", input: {} });
  await served.effects.gate.arrival();
  const statuses = async (): Promise<string[]> =>
    (await served.json<RunShape[]>("GET", "/threads/t/runs")).map(({ status }) => status);
  return { ...served, run, statuses };
}

const ask = (multitask_strategy?: string) => ({ assistant_id: "ask", input: {}, multitask_strategy });

test("a second run is refused, unless it says what is to be done", async () => {
  const {
    call,
    another,
    effects: { gate },
    settled,
    statuses,
  } = await busy();
  for (const response of [
    await call("POST", "/threads/t/runs/wait", ask()),
    await post(another(), "/threads/t/runs/stream", ask("reject")),
  ]) {
    expect(response.status).toBe(422);
    expect(await response.text()).toMatch(/busy with another run/);
  }
  gate.open();
  await settled();
  expect(await statuses()).toEqual(["success"]);
});

test("runs that are enqueued follow each other in their order, in whichever instance", async () => {
  const {
    json,
    another,
    effects: { gate, done },
    statuses,
    settled,
  } = await busy();
  const two = another();
  const second = post(two, "/threads/t/runs/wait", { ...ask("enqueue"), assistant_id: "steps" });
  while ((await statuses()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  const third = allEvents(
    await post(another(), "/threads/t/runs/stream", { ...ask("enqueue"), stream_mode: "updates" }),
  );
  while ((await statuses()).length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await statuses()).toEqual(["pending", "pending", "running"]);
  expect(done).toEqual(["first"]);
  gate.open();
  await gate.arrival();
  expect(done).toEqual(["first", "second", "first"]);
  gate.open();
  expect(await (await second).json()).toEqual({ log: ["first", "second", "first", "second"] });
  expect((await third).map(({ event }) => event)).toEqual(["metadata", "updates", "end"]);
  await settled();
  expect(await statuses()).toEqual(["success", "success", "success"]);
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "interrupted" });
});

test.each([
  ["interrupt", ["success", "interrupted"], ["first"]],
  ["rollback", ["success"], []],
])("a run that comes with %s ends the one before it", async (strategy, expected, log) => {
  const {
    call,
    json,
    statuses,
    effects: { gate },
    settled,
  } = await busy();
  const response = await call("POST", "/threads/t/runs/wait", ask(strategy));
  await response.text();
  expect(response.status).toBe(200);
  await settled();
  expect(await statuses()).toEqual(expected);
  expect(await json("GET", "/threads/t/state")).toMatchObject({ values: { log }, next: ["ask"] });
  // What the first one's node gives now is too late.
  gate.open();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await json("GET", "/threads/t/state")).toMatchObject({ values: { log }, next: ["ask"] });
});

test("no more than so many runs wait for a thread", async () => {
  const {
    call,
    json,
    effects: { gate },
    settled,
    statuses,
  } = await busy({ limits: { queue: 1 } });
  await json("POST", "/threads/t/runs", ask("enqueue"));
  expect((await call("POST", "/threads/t/runs", ask("enqueue"))).status).toBe(429);
  gate.open();
  await settled();
  expect(await statuses()).toEqual(["success", "success"]);
});

test.each(["the same", "another"])("a run is cancelled by %s instance", async (by) => {
  const served = await busy({ limits: { leaseSeconds: 1 } });
  const {
    json,
    effects: { gate, done },
    run,
    settled,
    statuses,
    server,
    another,
  } = served;
  const path = `/threads/t/runs/${run.run_id}/cancel?wait=1&action=interrupt`;
  const response = await post(by === "another" ? another() : server, path, {});
  expect(response.status).toBe(204);
  await settled();
  expect(await statuses()).toEqual(["interrupted"]);
  // It can be gone on with.
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "interrupted" });
  expect(await json("POST", "/threads/search", { status: "interrupted" })).toMatchObject([{ thread_id: "t" }]);
  expect(await json("POST", "/threads/search", { status: "idle" })).toEqual([]);
  gate.open();
  const rest = json("POST", "/threads/t/runs/wait", { assistant_id: "steps", input: null });
  await gate.arrival();
  gate.open();
  expect(await rest).toEqual({ log: ["first", "second"] });
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "idle" });
  expect(done.filter((one) => one === "first")).toEqual(["first"]);
});

test("a run that waits is cancelled before it begins", async () => {
  const {
    json,
    call,
    effects: { gate, done },
    settled,
    statuses,
  } = await busy();
  const waiting = await json<RunShape>("POST", "/threads/t/runs", { ...ask("enqueue"), assistant_id: "steps" });
  expect((await call("POST", `/threads/t/runs/${waiting.run_id}/cancel`)).status).toBe(202);
  gate.open();
  await settled();
  expect(await statuses()).toEqual(["interrupted", "success"]);
  expect(done).toEqual(["first", "second"]);
});

test("a stream is joined from where its reader was, in another instance", async () => {
  const served = serve();
  const {
    effects: { gate },
    settled,
    another,
    json,
  } = served;
  await json("POST", "/threads", { thread_id: "t" });
  const body = { assistant_id: "steps", input: {}, stream_mode: "updates", stream_resumable: true };
  const response = await served.call("POST", "/threads/t/runs/stream", body);
  expect(response.headers.get("location")).toBe(`${response.headers.get("content-location")}/stream`);
  await gate.arrival();
  const joined = get(another(), response.headers.get("location")!, { "last-event-id": "-1" }).then(allEvents);
  await new Promise((resolve) => setTimeout(resolve, 700));
  gate.open();
  const whole = await allEvents(response);
  await settled();
  expect(await joined).toEqual(whole);
  const [, first] = whole;
  expect(
    await allEvents(await get(another(), response.headers.get("location")!, { "last-event-id": first!.id! })),
  ).toEqual(whole.slice(2));
});

test("a run of a thread that is deleted under it ends, and leaves nothing", async () => {
  const {
    call,
    effects: { gate },
    settled,
  } = await busy({ limits: { leaseSeconds: 1 } });
  expect((await call("DELETE", "/threads/t")).status).toBe(204);
  await settled();
  gate.open();
  expect((await call("GET", "/threads/t")).status).toBe(404);
});
