import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test } from "vitest";
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
} from "../../../lanes/savers/checkpoints.js";
import { createSaver, type SaverOptions } from "../../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix, type RawItem } from "../../../lanes/stored/raw-table.js";
import { isTombstone } from "../../../lanes/stored/sort-keys.js";
import { newPrefix } from "../../../lanes/stored/requests.js";
import { shownBy, waysIn } from "../../../lanes/savers/ways-in.js";
import { objectKeys } from "../../../lanes/stored/s3-client.js";
import { s3Options } from "../../../lanes/savers/s3-options.js";

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
