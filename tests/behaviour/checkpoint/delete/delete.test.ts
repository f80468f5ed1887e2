import { expect, it } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  putStep,
  threadIdOf,
  valuesAt,
} from "../../../lanes/savers/checkpoints.js";
import { faultyFetch } from "../../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix } from "../../../lanes/stored/raw-table.js";
import { newPrefix } from "../../../lanes/stored/requests.js";

it(
  "deleteThread leaves no item of a thread with 1,000 checkpoints, writes and segments, and touches " + "no other",
  async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const other = await putStep(saver, emptyThread("kept"), { document: noise(3_000) });
    await saver.putWrites(other.config, [["document", 1]], "task");
    const kept = await itemsWithPrefix(keyPrefix);
    expect(kept.map(({ PK }) => PK!.S!.slice(keyPrefix.length)).toSorted()).toEqual([
      "T#kept",
      "T#kept",
      "T#kept",
      "T#kept",
      expect.stringMatching(/^THREADS#\d$/),
    ]);

    const root = await putStep(saver, emptyThread(), { document: noise(1_000) });
    const children = Array.from({ length: 1_000 }, async (_, i) => {
      const { config } = await putStep(saver, root, { document: noise(i % 5 ? 500 : 3_000, i + 1) });
      if (i % 3 === 0) await saver.putWrites(config, [["document", i]], "task");
    });
    await Promise.all(children);
    expect((await itemsWithPrefix(keyPrefix)).length).toBe(kept.length + 3 + 1_000 + 200 + 334);

    await createSaver({ keyPrefix }).deleteThread(threadIdOf(root));
    expect(await itemsWithPrefix(keyPrefix)).toEqual(kept);
    expect(await valuesAt(createSaver({ keyPrefix }), latestOf(other))).toEqual({ document: noise(3_000) });
  },
);

it("deleteThread deletes subgraphs, writes without a checkpoint and segments without one", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  await putStep(saver, emptyThread("t"), { document: noise(3_000) });
  await putStep(saver, emptyThread("t", "child:1|grandchild:2"), { document: noise(3_000, 2) });
  await saver.putWrites(
    { configurable: { thread_id: "t", checkpoint_ns: "", checkpoint_id: "none" } },
    [["document", noise(100_000)]],
    "task",
  );
  await saver.deleteThread("t");
  expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
});

it("deleteThread keeps threads whose ids start the same", async () => {
  const saver = createSaver();
  const ids = ["t", "t#", "t%23", "t1", "T", "t "];
  for (const id of ids) await putStep(saver, emptyThread(id), { id });
  for (const [i, id] of ids.entries()) {
    await saver.deleteThread(id);
    const left = await collect(saver.list({}));
    expect(left.map(({ checkpoint }) => checkpoint.channel_values.id as string).toSorted()).toEqual(
      ids.slice(i + 1).toSorted(),
    );
  }
});

it("deleteThread of a thread that is not there is fine, once and again", async () => {
  const saver = createSaver();
  await saver.deleteThread("none");
  await saver.deleteThread("none");
  expect(await collect(saver.list({}))).toEqual([]);
});

it("a deleted thread can be begun again, by the instance that deleted it and by one that still knows it", async () => {
  const keyPrefix = newPrefix();
  const [one, two] = [createSaver({ keyPrefix }), createSaver({ keyPrefix })];
  const old = await putStep(one, emptyThread("t"), { document: noise(3_000) });
  await two.getTuple(old.config);
  for (const saver of [two, one]) {
    await two.deleteThread("t");
    const fresh = await putStep(saver, emptyThread("t"), { document: noise(3_000) });
    expect(await valuesAt(createSaver({ keyPrefix }), latestOf(fresh))).toEqual({ document: noise(3_000) });
    expect((await collect(saver.listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
  }
});

it("deleteThread sends again what DynamoDB did not process", async () => {
  const keyPrefix = newPrefix();
  let batches = 0;
  const { fetch, sent } = faultyFetch(async (request) => {
    if (request.operation !== "BatchWriteItem" || ++batches > 2) return request.forward();
    const { RequestItems } = JSON.parse(request.body) as { RequestItems: Record<string, unknown[]> };
    if (batches === 1) return Response.json({ UnprocessedItems: RequestItems });
    await request.forward();
    return Response.json({
      UnprocessedItems: Object.fromEntries(
        Object.entries(RequestItems).map(([table, writes]) => [table, writes.slice(1)]),
      ),
    });
  });
  const saver = createSaver({ keyPrefix, fetch });
  const { config } = await putStep(saver, emptyThread("t"), { n: 1 });
  for (const task of ["a", "b", "c"]) await saver.putWrites(config, [["n", 2]], task);
  expect(await itemsOf(keyPrefix, "t")).toHaveLength(5);
  expect(batches).toBe(0);
  await saver.deleteThread("t");
  expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
  const deletes = sent
    .filter(({ operation }) => operation === "BatchWriteItem")
    .map(({ body }) => body.match(/DeleteRequest/g)?.length);
  expect(deletes).toEqual([1, 1, 3]); // the checkpoint, and again, and the writes
});
