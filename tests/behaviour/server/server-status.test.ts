import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { serve, type Served } from "../../lanes/server/served.js";

provideContext();

/* What a thread is called when its state was changed without a run. */

/** A thread that was asked "Really?". */
async function asked(): Promise<Served> {
  const served = serve();
  await served.json("POST", "/threads", { thread_id: "t", metadata: { graph_id: "ask" } });
  await served.json("POST", "/threads/t/runs/wait", { assistant_id: "ask", input: {} });
  return served;
}

const statusIn = async ({ json }: Served, id = "t"): Promise<unknown> =>
  ((await json("POST", "/threads/search", { ids: [id] })) as unknown as { status: string }[])[0]!.status;

test("a thread that is written past its question is idle, and one that is written back is interrupted", async () => {
  const served = await asked();
  const { json } = served;
  expect(await statusIn(served)).toBe("interrupted");
  const { checkpoint } = await json("GET", "/threads/t/state");
  await json("POST", "/threads/t/state", { values: { log: ["by hand"] }, as_node: "after" });
  expect(await statusIn(served)).toBe("idle");
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "idle", interrupts: {} });
  await json("POST", "/threads/t/state", { values: null, as_node: "__copy__", checkpoint });
  expect(await statusIn(served)).toBe("interrupted");
  expect(await json("POST", "/threads/search", { status: "idle" })).toEqual([]);
  const answer = { assistant_id: "ask", command: { resume: "yes" } };
  expect(await json("POST", "/threads/t/runs/wait", answer)).toEqual({ log: ["answered yes", "after"] });
});

test("a thread that is written while a run has it stays busy", async () => {
  const served = serve();
  const { json, call, effects, settled } = served;
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs", { assistant_id: "steps", input: {} });
  await effects.gate.arrival();
  const refused = await call("POST", "/threads/t/state", { values: { log: ["no"] }, as_node: "second" });
  expect(refused.status).toBe(409);
  expect(await statusIn(served)).toBe("busy");
  effects.gate.open();
  await settled();
  expect(await statusIn(served)).toBe("idle");
});

test("a thread that is made of supersteps, or copied, is what its state is", async () => {
  const served = await asked();
  const { json } = served;
  const steps = (as_node: string) => [{ updates: [{ values: { log: ["one"] }, as_node }] }];
  const metadata = { graph_id: "ask" };
  expect(await json("POST", "/threads", { thread_id: "open", metadata, supersteps: steps("ask") })).toMatchObject({
    status: "interrupted",
  });
  expect(await json("POST", "/threads", { thread_id: "done", metadata, supersteps: steps("after") })).toMatchObject({
    status: "idle",
  });
  expect(await statusIn(served, "open")).toBe("interrupted");
  const { thread_id } = await json<{ thread_id: string }>("POST", "/threads/t/copy");
  expect(await statusIn(served, thread_id)).toBe("interrupted");
});

test.each(["by a call", "by another run"])("a thread is what it was when a run is rolled back %s", async (by) => {
  const served = serve();
  const { json, call, effects, settled } = served;
  await json("POST", "/threads", { thread_id: "t" });
  const steps = { assistant_id: "steps", input: {}, interrupt_before: ["second"] };
  await json("POST", "/threads/t/runs/wait", steps);
  expect(await statusIn(served)).toBe("interrupted");
  const run = await json<{ run_id: string }>("POST", "/threads/t/runs", { assistant_id: "steps", input: null });
  await effects.gate.arrival();
  if (by === "by a call") await call("POST", `/threads/t/runs/${run.run_id}/cancel?action=rollback&wait=1`);
  else await json("POST", "/threads/t/runs/wait", { ...steps, multitask_strategy: "rollback" });
  await settled();
  expect(await statusIn(served)).toBe("interrupted");
  expect((await json("GET", "/threads/t/state")).next).toEqual(["second"]);
  effects.gate.open();
});
