import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { operationsOf } from "../../../lanes/stored/aws-requests.js";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  noiseText,
  putStep,
  valuesAt,
  type Step,
} from "../../../lanes/savers/checkpoints.js";
import { createSaver } from "../../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix } from "../../../lanes/stored/raw-table.js";
import { countedSaver, newPrefix } from "../../../lanes/stored/requests.js";
import { keysAt, newPlace, saverAt } from "../../../lanes/savers/s3-saver.js";

/*
 * A thread is deleted while an agent runs on it, and the agent goes on. What descends from the deleted thread is
 * gone with it, for every reader, and a thread that starts again under the same id is whole.
 */

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
