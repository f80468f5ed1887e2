import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { atEachRequest } from "../../lanes/server/each-request.js";
import { Gate, serve, type Served } from "../../lanes/server/served.js";
import { post } from "../../lanes/server/mortal.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";

provideContext();

/* A thread is deleted while another instance does something with it. */

const limits = { leaseSeconds: 1 };

/** Two steps, between which a run waits if there is a gate. What they store is too long for the checkpoint's item. */
function graphsOf(gate?: Gate) {
  const log = Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] });
  const graph = new StateGraph(Annotation.Root({ log }))
    .addNode("one", () => ({ log: [`one ${"1".repeat(4_000)}`] }))
    .addNode("two", async () => {
      await gate?.pass();
      return { log: [`two ${"2".repeat(4_000)}`] };
    })
    .addEdge(START, "one")
    .addEdge("one", "two")
    .compile();
  return { agent: graph };
}

/** An instance whose requests are held from one on, until they are let go. */
function holding({ world, another }: Served, after: number) {
  let sent = 0;
  let isHeld = (): void => undefined;
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (isHeld = resolve));
  const free = new Promise<void>((resolve) => (letGo = resolve));
  const hold: Fetch = async (url, init) => {
    if (sent++ >= after) {
      isHeld();
      await free;
    }
    return fetch(url, init);
  };
  const server = another({ checkpointer: createSaver({ ...world, fetch: hold }) });
  return { server, letGo: () => letGo(), held: held.then(() => true) };
}

const itemsOf = async ({ world }: Served): Promise<string[]> =>
  (await itemsWithPrefix(world.keyPrefix)).map(({ PK, SK }) => `${PK?.S?.replace(world.keyPrefix, "")} ${SK?.S}`);

const told = async (response: Response): Promise<string> => `${response.status} ${(await response.text()).trim()}`;

/** Does it for each request that is held, until there is none. */
async function eachRequest(live: (after: number) => Promise<boolean>): Promise<void> {
  expect((await atEachRequest(live, (isHeld) => !isHeld)).cuts).toBeGreaterThan(3);
}

const input = { assistant_id: "agent", input: {} };
const GONE = /^404 |"ThreadDeleted"/;

test.each<[string, string, number, object]>([
  ["begins it", "runs/wait", 0, { stream_resumable: true }],
  ["goes on with it", "runs/wait", 1, {}],
  ["is in the background", "runs", 1, { stream_resumable: true }],
  ["writes its state", "state", 1, { values: { log: ["by hand"] }, as_node: "one" }],
])(
  "nothing is left of a thread that is deleted while what %s is at any of its requests",
  async (_, path, before, more) => {
    await eachRequest(async (after) => {
      const served = serve({ graphs: graphsOf(), limits });
      const { json, call } = served;
      await json("POST", "/threads", { thread_id: "t" });
      for (let turn = 0; turn < before; turn++) await json("POST", "/threads/t/runs/wait", input);
      const { server, held, letGo } = holding(served, after);
      const work: Promise<unknown>[] = [];
      const request = new Request(`https://agent.example/threads/t/${path}`, {
        method: "POST",
        body: JSON.stringify({ ...input, ...more }),
      });
      const ctx = { waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
      const answer = server.fetch(request, {}, ctx).then(told);
      const isDone = answer.then(async () => Promise.all(work)).then(() => false);
      const isHeld = await Promise.race([held, isDone]);
      expect([after, (await call("DELETE", "/threads/t")).status]).toEqual([after, 204]);
      letGo();
      await isDone;
      expect([after, await itemsOf(served)]).toEqual([after, []]);
      // Who is told that all went well was told of what was there when it ended.
      if (isHeld && path === "runs/wait" && !GONE.test(await answer)) expect(await answer).toMatch(/^200 \{"log"/);
      return isHeld;
    });
  },
);

test("nothing is left of a thread whose run ends while its deletion is at any of its requests", async () => {
  await eachRequest(async (after) => {
    const gate = new Gate();
    const served = serve({ graphs: graphsOf(gate), limits });
    await served.json("POST", "/threads", { thread_id: "t" });
    const answer = post(served.another(), "/threads/t/runs/wait", input).then(told);
    await gate.arrival();
    const { server, held, letGo } = holding(served, after);
    const deleted = server.fetch(new Request("https://agent.example/threads/t", { method: "DELETE" }));
    const isHeld = await Promise.race([held, deleted.then(() => false)]);
    gate.open();
    const heard = await answer;
    letGo();
    expect([after, (await deleted).status]).toEqual([after, 204]);
    expect([after, await itemsOf(served)]).toEqual([after, []]);
    if (!isHeld) expect(heard).toMatch(GONE);
    return isHeld;
  });
});

test("a thread that is made anew is not touched by what a run of the deleted one still does", async () => {
  await eachRequest(async (after) => {
    const served = serve({ graphs: graphsOf(), limits });
    const { json, call } = served;
    await json("POST", "/threads", { thread_id: "t" });
    // What has read nothing of the first thread yet is a run of the second.
    const { server, held, letGo } = holding(served, after + 1);
    const answer = post(server, "/threads/t/runs/wait", { ...input, stream_resumable: true }).then(told);
    const isHeld = await Promise.race([held, answer.then(() => false)]);
    expect([after, (await call("DELETE", "/threads/t")).status]).toEqual([after, 204]);
    // Of another millisecond.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await json("POST", "/threads", { thread_id: "t" });
    await json("POST", "/threads/t/runs/wait", input);
    letGo();
    await answer;
    const runs = await json<{ status: string }[]>("GET", "/threads/t/runs");
    expect([after, runs.map(({ status }) => status)]).toEqual([after, ["success"]]);
    const { values } = await json<{ values: { log: string[] } }>("GET", "/threads/t/state");
    expect([after, values.log.map((entry) => entry.slice(0, 3))]).toEqual([after, ["one", "two"]]);
    expect([after, await json("POST", "/threads/search", {})]).toMatchObject([after, [{ status: "idle" }]]);
    expect([after, (await call("DELETE", "/threads/t")).status]).toEqual([after, 204]);
    expect([after, await itemsOf(served)]).toEqual([after, []]);
    return isHeld;
  });
});
