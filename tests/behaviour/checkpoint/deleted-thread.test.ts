import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test } from "vitest";
import { operationsOf } from "../../lanes/stored/aws-requests.js";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noise,
  noiseText,
  putStep,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix, type RawItem } from "../../lanes/stored/raw-table.js";
import { isTombstone } from "../../lanes/stored/sort-keys.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";
import { shownBy, waysIn } from "../../lanes/savers/ways-in.js";
import { objectKeys } from "../../lanes/stored/s3-client.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";

/*
 * A thread is deleted while an agent runs on it, and the agent goes on. What descends from the deleted thread is
 * gone with it, for every reader, and a thread that starts again under the same id is whole.
 */

const kinds: [name: string, options: () => Partial<SaverOptions>][] = [
  ["plain", () => ({})],
  ["with ttlSeconds", () => ({ ttlSeconds: 1_000 })],
  [
    "with s3 and encryption",
    () => ({ s3: { ...s3Options(), thresholdBytes: 2_000 }, encryption: { key: noise(32, 5) } }),
  ],
];

describe.each(kinds)("%s: a put by an agent whose thread was deleted", (_, options) => {
  /** A thread that an agent knows, and that another process has deleted. */
  async function deleted(
    ns = "",
  ): Promise<{ world: Partial<SaverOptions> & { keyPrefix: string }; agent: DynamoDBSaver; parent: Step }> {
    const world = { ...options(), keyPrefix: newPrefix() };
    const agent = createSaver(world);
    if (ns !== "") await putStep(agent, emptyThread("t"), { root: 1 });
    const parent = await putStep(agent, emptyThread("t", ns), { document: noiseText(3_000), n: 1 });
    await createSaver(world).deleteThread("t");
    return { world, agent, parent };
  }

  test.each(["", "child"])("is gone for every reader: namespace %j", async (ns) => {
    const { world, agent, parent } = await deleted(ns);
    // One shares a segment with what was deleted, the other is all there.
    const child = await putStep(agent, parent, { n: 2 });
    const whole = await putStep(agent, child, { document: "short", n: 3 });

    for (const step of [child, whole]) {
      for (const [name, way] of Object.entries(waysIn))
        expect(await shownBy(way, world, step), name).not.toMatch(/short|[a-z]{100}/);
    }
    // The agent itself learns it with the next look at the thread, which LangGraph begins each run with.
    expect(await agent.getTuple({ configurable: { thread_id: "t" } })).toBeUndefined();
    for (const { config } of [child, whole]) expect(await agent.getTuple(config)).toBeUndefined();
    expect(await agent.getTuple(latestOf(whole))).toBeUndefined();
    expect(await collect(agent.list({ configurable: { thread_id: "t" } }))).toEqual([]);
    for (const reader of [createSaver(world), agent]) expect(await collect(reader.listThreads())).toEqual([]);
  });

  test.each(["", "child"])("is not among what a thread has that starts again: namespace %j", async (ns) => {
    const { world, agent, parent } = await deleted(ns);
    const fresh = await putStep(createSaver(world), emptyThread("t"), { n: "fresh" });
    const child = await putStep(agent, parent, { document: "short", n: 3 });
    await agent.putWrites(child.config, [["n", "short"]], "task");

    for (const [name, way] of Object.entries(waysIn))
      expect(await shownBy(way, world, child), name).not.toContain("short");
    expect(idsOf(await collect(createSaver(world).list({ configurable: { thread_id: "t" } })))).toEqual([
      fresh.checkpoint.id,
    ]);
    expect(await createSaver(world).getTuple(latestOf(fresh))).toMatchObject({
      checkpoint: { channel_values: { n: "fresh" } },
      pendingWrites: [],
    });
  });

  test("is freed by a pruning of the thread, whether that has started again or not", async () => {
    const { world, agent, parent } = await deleted();
    const child = await putStep(agent, parent, { document: noiseText(5_000, 3) });
    await agent.putWrites(child.config, [["document", noiseText(70_000, 4)]], "task");
    const prune = (): Promise<unknown> =>
      Promise.resolve(createSaver(world).prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 }));
    await prune();
    const left = async (): Promise<RawItem[]> =>
      (await itemsOf(world.keyPrefix, "t")).filter((item) => !isTombstone(item));
    expect(await left()).toEqual([]);
    if (world.s3) expect(await objectKeys(inject("s3"), (world.s3 as ReturnType<typeof s3Options>).prefix)).toEqual([]);

    const fresh = await putStep(createSaver(world), emptyThread("t"), { n: "fresh" });
    await putStep(agent, child, { document: noiseText(5_000, 5) });
    expect(await itemsOf(world.keyPrefix, "t", "C##")).toHaveLength(2);
    await prune();
    expect((await left()).map(({ SK }) => SK!.S!.replace(/~.*/, "~"))).toEqual([`C##${fresh.checkpoint.id}#~`, "C#$"]);
  });

  test("is in no list of all namespaces, also of the instance that has put it", async () => {
    const { agent, parent } = await deleted();
    await putStep(agent, parent, { n: "after the deletion" });
    const all: unknown[] = [];
    for await (const tuple of agent.list({ configurable: { thread_id: "t" } })) all.push(tuple);
    expect(all).toEqual([]);
  });

  test("does not come back when the thread starts again, and whose new run is whole", async () => {
    const { world, agent, parent } = await deleted();
    const other = createSaver(world);
    const fresh = await putStep(other, emptyThread("t"), { document: noiseText(3_000), fresh: true });
    // The agent's checkpoints have newer ids.
    await putStep(agent, await putStep(agent, parent, { n: 2 }), { document: noiseText(4_000, 2) });
    const next = await putStep(other, fresh, { n: 4 });

    for (const reader of [createSaver(world), other, agent]) {
      expect(await valuesAt(reader, latestOf(fresh))).toEqual({ document: noiseText(3_000), fresh: true, n: 4 });
      expect(idsOf(await collect(reader.list(latestOf(fresh))))).toEqual([next.checkpoint.id, fresh.checkpoint.id]);
      expect((await collect(reader.listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
    }
    // What the agent's next run starts from is the new thread, and what it puts there stays.
    const last = await putStep(agent, next, { n: 5 });
    expect(await valuesAt(createSaver(world), latestOf(last))).toEqual(last.checkpoint.channel_values);
  });

  test("whose instance does not know the parent any more starts the thread anew, whole", async () => {
    const { world, parent } = await deleted();
    const child = await putStep(createSaver(world), parent, { n: 2 });
    const reader = createSaver(world);
    expect(await valuesAt(reader, latestOf(child))).toEqual({ document: noiseText(3_000), n: 2 });
    expect(await collect(reader.listThreads())).toHaveLength(1);
    expect(await collect(reader.list({}))).toHaveLength(1);
  });

  test("leaves nothing that deleteThread does not find", async () => {
    const { world, agent, parent } = await deleted();
    const child = await putStep(agent, parent, { document: noiseText(5_000, 3) });
    await agent.putWrites(child.config, [["document", noiseText(70_000, 4)]], "task");
    await createSaver(world).deleteThread("t");
    expect(await itemsWithPrefix(world.keyPrefix)).toEqual([]);
    if (world.s3) expect(await objectKeys(inject("s3"), (world.s3 as ReturnType<typeof s3Options>).prefix)).toEqual([]);
  });
});

test("a subgraph that keeps its own memory forgets it with its thread", async () => {
  const world = { keyPrefix: newPrefix() };
  const agent = createSaver(world);
  await putStep(agent, emptyThread("t"), { n: 1 });
  const child = await putStep(agent, emptyThread("t", "memory"), { secret: noiseText(3_000) });
  await createSaver(world).deleteThread("t");
  await putStep(agent, child, { n: 2 });

  await putStep(agent, emptyThread("t"), { n: 1 });
  const cold = createSaver(world);
  await cold.getTuple({ configurable: { thread_id: "t" } }); // as LangGraph does first
  for (const reader of [agent, cold]) expect(await reader.getTuple(latestOf(child))).toBeUndefined();
});

test("a checkpoint whose thread is deleted while it is read is absent, not damaged", async () => {
  const keyPrefix = newPrefix();
  const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { document: noiseText(3_000) });
  const { saver } = saverAt({ keyPrefix }, async ({ operation, forward }) => {
    if (operation === "BatchGetItem") await createSaver({ keyPrefix }).deleteThread("t");
    return forward();
  });
  expect(await saver.getTuple(latestOf(step))).toBeUndefined();
});

test.each(["getTuple", "list"])(
  "%s of a thread that is deleted and started again meanwhile finds the new one",
  async (method) => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { document: noiseText(3_000) });
    let restarted = false;
    const { saver } = saverAt({ keyPrefix }, async ({ operation, forward }) => {
      if (operation === "BatchGetItem" && !restarted) {
        restarted = true;
        await createSaver({ keyPrefix }).deleteThread("t");
        await putStep(createSaver({ keyPrefix }), emptyThread("t"), { document: "new" });
      }
      return forward();
    });
    if (method === "getTuple") expect(await valuesAt(saver, latestOf(step))).toEqual({ document: "new" });
    else expect(await collect(saver.list(latestOf(step)))).toEqual([]); // as of the page that was read
  },
);

test("a missing part of a thread that was not deleted is still an error", async () => {
  const keyPrefix = newPrefix();
  const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { document: noiseText(3_000) });
  const { saver } = saverAt({ keyPrefix }, ({ operation }) =>
    operation === "BatchGetItem" ? Response.json({ Responses: {}, UnprocessedKeys: {} }) : undefined,
  );
  await expect(saver.getTuple(latestOf(step))).rejects.toMatchObject({ code: "MISSING_DATA", channel: "document" });
  await expect(collect(saver.list(latestOf(step)))).rejects.toMatchObject({ code: "MISSING_DATA" });
});

test("a read of a warm thread still takes one request, and that of a deleted one too", async () => {
  const keyPrefix = newPrefix();
  const { saver, log } = countedSaver({ keyPrefix });
  const step = await putStep(saver, emptyThread("t"), { document: noiseText(3_000) });
  expect((await log.during(() => saver.getTuple(latestOf(step)))).operations).toEqual(["Query"]);
  await createSaver({ keyPrefix }).deleteThread("t");
  await putStep(saver, step, { n: 2 });
  expect((await log.during(() => saver.getTuple(latestOf(step)))).operations).toEqual(["Query"]);
});

test("a renewal under a deleted thread brings nothing of it back", async () => {
  const keyPrefix = newPrefix();
  const options = { keyPrefix, ttlSeconds: 1_000, refreshOnRead: true };
  const agent = createSaver(options);
  const parent = await putStep(agent, emptyThread("t"), { n: 1 });
  const { saver, sent } = saverAt(
    { keyPrefix },
    async ({ operation, forward }) => {
      const answer = await forward();
      if (operation === "Query") await createSaver({ keyPrefix }).deleteThread("t");
      return answer;
    },
    { ...options, ttlSeconds: 4_000 },
  );
  // The read comes before the deletion, the renewal after it.
  expect(await valuesAt(saver, latestOf(parent))).toEqual({ n: 1 });
  expect(operationsOf(sent)).toContain("UpdateItem");
  expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
});

test("a run that starts while its thread is being deleted is listed if it is there", async () => {
  const keyPrefix = newPrefix();
  await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
  let started: Promise<Step> | undefined;
  const { saver } = saverAt({ keyPrefix }, async ({ operation, bytes, forward }) => {
    // The deletion of the index entry, which the new run has just written.
    if (operation === "DeleteItem" && new TextDecoder().decode(bytes).includes("THREADS#"))
      started ??= putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 2 });
    await started;
    return forward();
  });
  await saver.deleteThread("t");
  expect(started).toBeDefined();
  const reader = createSaver({ keyPrefix });
  const isThere = (await reader.getTuple({ configurable: { thread_id: "t" } })) !== undefined;
  expect((await collect(reader.listThreads())).length > 0).toBe(isThere);
});

test("an object that arrives after its thread was deleted is found by the next deleteThread", async () => {
  const place = newPlace();
  const { saver } = saverAt(place, async ({ operation, forward }) => {
    if (operation === "PutObject") await saverAt(place).saver.deleteThread("t");
    return forward();
  });
  await putStep(saver, emptyThread("t"), { large: noise(6_000) });
  expect(await keysAt(place)).toHaveLength(1);
  expect(await itemsOf(place.keyPrefix, "t", "P#")).toHaveLength(1);
  expect(await saverAt(place).saver.getTuple({ configurable: { thread_id: "t" } })).toBeUndefined();
  await saverAt(place).saver.deleteThread("t");
  expect(await keysAt(place)).toEqual([]);
});

test("a DeltaChannel's history of a deleted thread is an error, never a shorter one", async () => {
  const world = { keyPrefix: newPrefix() };
  const agent = createSaver(world);
  const one = await putStep(agent, emptyThread("t"), { log: new DeltaSnapshot(["a"]) });
  await agent.putWrites(one.config, [["log", "b"]], "task");
  await createSaver(world).deleteThread("t");
  const without = {
    config: one.config,
    checkpoint: { ...one.checkpoint, channel_values: {}, channel_versions: { log: 2 } },
  };
  const two = await putStep(
    agent,
    without,
    {},
    { metadata: { counters_since_delta_snapshot: { log: [1, 1] } }, newVersions: { log: 2 } },
  );
  expect(await createSaver(world).getTuple(latestOf(two))).toBeUndefined();
  await expect(
    createSaver(world).getDeltaChannelHistory({ config: two.config, channels: ["log"] }),
  ).rejects.toMatchObject({ code: "MISSING_DATA" });
});

test.each(["UpdateItem", "DeleteItem"])(
  "what an earlier %s of a deleted thread's marker or index entry does when it arrives late is nothing to the next run",
  async (late) => {
    const keyPrefix = newPrefix();
    const arriving = new Map<string, () => Promise<Response>>();
    // The first attempt seems lost, and is only slow.
    const { saver } = saverAt({ keyPrefix }, ({ operation, bytes, forward }) => {
      const item = /C#\$|THREADS#/.exec(new TextDecoder().decode(bytes))?.[0];
      if (operation !== late || item === undefined || arriving.has(item)) return undefined;
      arriving.set(item, forward);
      return Promise.reject(new TypeError("told by the test"));
    });
    const old = await putStep(saver, emptyThread("t"), { document: noiseText(3_000) });
    await (late === "DeleteItem" ? saver : createSaver({ keyPrefix })).deleteThread("t");
    const arrive = async (): Promise<void> =>
      void (await Promise.all([...arriving.values()].map((forward) => forward())));
    expect([...arriving.keys()].sort()).toEqual(["C#$", "THREADS#"]);
    if (late === "UpdateItem") {
      await putStep(saver, old, { n: "stale" });
      await arrive();
      expect(await createSaver({ keyPrefix }).getTuple(latestOf(old))).toBeUndefined();
    }
    const fresh = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: "fresh" });
    await arrive();
    expect(await valuesAt(createSaver({ keyPrefix }), latestOf(fresh))).toEqual({ n: "fresh" });
    expect((await collect(createSaver({ keyPrefix }).listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
  },
);
