import { createAgentServer, type AgentServer } from "langgraph-checkpoint-dynamodb/server";
import { expect, test } from "vitest";
import { intercepted } from "../../lanes/stored/aws-requests.js";
import { collect, emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { post } from "../../lanes/server/mortal.js";
import { createCache, createStore } from "../../lanes/savers/stores.js";

/** An agent server on a saver with these options. */
const serverOf = (options: Partial<SaverOptions>): AgentServer =>
  createAgentServer({
    graphs: { agent: { stream: () => undefined, invoke: () => undefined } },
    checkpointer: createSaver(options),
    authenticate: false,
  });

/*
 * What one keyPrefix and an id make is never what another keyPrefix and another id make, however much the one looks
 * like a key of the other.
 */

test(
  "deleting a thread leaves the listing of a store alone whose keyPrefix is how the thread's " + "key begins",
  async () => {
    const keyPrefix = newPrefix();
    const tenant = `${keyPrefix}T#bob`;
    await createStore({ keyPrefix: tenant }).put(["memories"], "1", { likes: "tea" });
    const saver = createSaver({ keyPrefix });
    for (const id of ["bobNAMESPACES", "bobNAMESPACES#0", "bob"]) {
      await putStep(saver, emptyThread(id), { n: 1 });
      await saver.deleteThread(id);
    }

    expect(await createStore({ keyPrefix: tenant }).listNamespaces()).toEqual([["memories"]]);
    expect(await createStore({ keyPrefix: tenant }).search([])).toHaveLength(1);
  },
);

test("no two tenants, and no two kinds of data, share a partition", async () => {
  const base = newPrefix();
  const words = ["T", "THREADS", "N", "NAMESPACES", "X", "D", "DUE"];
  const prefixes = ["", ...words, ...words.flatMap((word) => [`${word}#`, `${word}#x`])].map((end) => base + end);
  const ids = ["0", "x", ...words, ...words.flatMap((word) => [`x${word}`, `${word}#0`])];
  /** Whose each partition is. */
  const owners = new Map<string, Set<string>>();
  let owner = "";
  const { fetch } = intercepted(({ body }) => {
    for (const [, partition] of body.matchAll(/"(?:PK|:pk)":\{"S":"([^"]*)"\}/g))
      owners.set(partition!, (owners.get(partition!) ?? new Set()).add(owner));
    return Response.json({ Items: [], Responses: {} });
  });
  for (const keyPrefix of prefixes) {
    const options = { keyPrefix, fetch };
    const kinds: [kind: string, read: (id: string) => Promise<unknown>][] = [
      ["thread", (id) => createSaver(options).getTuple({ configurable: { thread_id: id } })],
      ["list of threads", () => collect(createSaver(options).listThreads())],
      ["namespace", (id) => createStore(options).get([id], "key")],
      ["registry", () => createStore(options).listNamespaces()],
      ["directory", () => post(serverOf(options), "/threads/count", {})],
      ["list of what is due", () => serverOf(options).sweep()],
      ["cache", (id) => createCache(options).get([[["nodes"], id]])],
    ];
    for (const [kind, read] of kinds) {
      owner = `${kind} of ${keyPrefix}`;
      for (const id of ids) await read(id);
    }
  }

  expect(owners.size).toBeGreaterThan(2 * prefixes.length * ids.length);
  expect([...owners].filter(([, those]) => those.size > 1)).toEqual([]);
});
