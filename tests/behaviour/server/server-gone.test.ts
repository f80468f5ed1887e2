import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { allEvents, serve } from "../../lanes/server/served.js";
import { get, mortal } from "../../lanes/server/mortal.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";

provideContext();

/* What is told of a thread that is gone, and what is left of it where its deletion or its run has died. */

const limits = { leaseSeconds: 1 };
const authenticate = (request: Request) => ({ owner: request.headers.get("authorization") ?? "nobody" });
const ada = { authorization: "ada" };
const deletion = { method: "DELETE", headers: ada };

test("a deletion that was cut short is repeated by its owner, and nobody finds the thread meanwhile", async () => {
  const lives = Array.from({ length: 24 }, async (_, after) => {
    const served = serve({ authenticate, limits });
    const { call, server, world } = served;
    await call("POST", "/threads", { thread_id: "t" }, ada);
    const body = { assistant_id: "ask", input: {}, stream_resumable: true };
    await (await call("POST", "/threads/t/runs/wait", body, ada)).text();
    const one = mortal(served);
    one.die(after);
    const cut = await one.server.fetch(new Request("https://agent.example/threads/t", deletion));
    const isCut = cut.status !== 204;
    if (isCut && after > 1) {
      expect([after, (await call("GET", "/threads/t", undefined, ada)).status]).toEqual([after, 404]);
      expect([after, await (await call("POST", "/threads/search", {}, ada)).json()]).toEqual([after, []]);
    }
    if (isCut) {
      expect([after, (await call("DELETE", "/threads/t", undefined, { authorization: "bob" })).status]).toEqual([
        after,
        404,
      ]);
      const again = await server.fetch(new Request("https://agent.example/threads/t", deletion));
      expect([after, [204, 404].includes(again.status)]).toEqual([after, true]);
    }
    expect([after, await itemsWithPrefix(world.keyPrefix)]).toEqual([after, []]);
    return isCut;
  });
  const cuts = await Promise.all(lives);
  expect(cuts.filter((isCut) => isCut).length).toBeGreaterThan(3);
  expect(cuts).toContain(false);
});

test("what is left of a thread without a row is deleted where no owner is asked for, and only there", async () => {
  const { call, world, another } = serve();
  await createSaver(world).put(
    { configurable: { thread_id: "t" } },
    emptyCheckpoint(),
    { source: "input", step: -1, parents: {} },
    {},
  );
  const owned = another({ authenticate });
  expect((await owned.fetch(new Request("https://agent.example/threads/t", deletion))).status).toBe(404);
  expect(await itemsWithPrefix(world.keyPrefix)).not.toEqual([]);
  expect((await call("DELETE", "/threads/t")).status).toBe(204);
  expect(await itemsWithPrefix(world.keyPrefix)).toEqual([]);
  expect((await call("DELETE", "/threads/t")).status).toBe(404);
});

test("a run that was to begin later goes with its thread", async () => {
  const { call, json, world } = serve();
  await json("POST", "/threads", { thread_id: "t" });
  await json("POST", "/threads/t/runs", { assistant_id: "chat", input: {}, after_seconds: 3_600 });
  expect((await call("DELETE", "/threads/t")).status).toBe(204);
  expect(await itemsWithPrefix(world.keyPrefix)).toEqual([]);
});

test("who waits for a run hears that its thread was deleted", async () => {
  const served = serve({ limits });
  const { json, call, effects, another } = served;
  await json("POST", "/threads", { thread_id: "t" });
  const wait = call("POST", "/threads/t/runs/wait", { assistant_id: "steps", input: {} }).then((one) => one.json());
  await effects.gate.arrival();
  const [run] = await json<{ run_id: string }[]>("GET", "/threads/t/runs");
  const path = `/threads/t/runs/${run!.run_id}`;
  const joins = [served.server, another()].flatMap((server) => [
    get(server, `${path}/join`).then((one) => one.json()),
    get(server, `${path}/stream`).then(async (one) => (await allEvents(one)).at(-1)),
  ]);
  // They have found the run.
  await Promise.all([get(served.server, path), new Promise((resolve) => setTimeout(resolve, 500))]);
  expect((await call("DELETE", "/threads/t")).status).toBe(204);
  const failure = { error: "ThreadDeleted", message: "The thread was deleted." };
  const [one, two, three, four] = await Promise.all(joins);
  expect([one, three]).toEqual([{ __error__: failure }, { __error__: failure }]);
  expect([two, four]).toMatchObject([
    { event: "error", data: failure },
    { event: "error", data: failure },
  ]);
  expect(await wait).toEqual({ __error__: failure });
  expect((await call("GET", `${path}/join`)).status).toBe(404);
  effects.gate.open();
});
