import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  noiseText,
  putStep,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { saverAt } from "../../lanes/savers/s3-saver.js";
import { isWrites } from "../../lanes/stored/sort-keys.js";

/* Each time that a thread starts under one id, it is another one, and what is stored of it says which. */

const T = { configurable: { thread_id: "t" } };

describe("incarnations", () => {
  test.each<[how: string, takeOff: (saver: DynamoDBSaver) => Promise<unknown>]>([
    ["a pruning of everything", (saver) => saver.prune({ all: true, keepLast: 1 })],
    ["another deletion", (saver) => saver.deleteThread("t")],
  ])("one that a late request lists again has nothing, and %s takes it off the list", async (_, takeOff) => {
    const world = { keyPrefix: newPrefix() };
    let late: (() => Promise<Response>) | undefined;
    const { saver } = saverAt(world, ({ operation, body, forward }) => {
      if (late || operation !== "UpdateItem" || !body.includes("THREADS#")) return undefined;
      late = forward;
      throw new TypeError("the connection was reset");
    });
    await putStep(saver, emptyThread("t"), { n: 1 });
    await saver.deleteThread("t");
    await late!();
    expect(await createSaver(world).getTuple(T)).toBeUndefined();
    await takeOff(createSaver(world));
    expect(await collect(createSaver(world).listThreads())).toEqual([]);
    expect(await itemsWithPrefix(world.keyPrefix)).toEqual([]);
  });

  test(
    "a subgraph's first checkpoint is of the thread that its graph is of, in an instance that knew the one " +
      "before it",
    async () => {
      const world = { keyPrefix: newPrefix() };
      const [a, b] = [createSaver(world), createSaver(world)];
      await putStep(a, emptyThread("t"), { n: "old" });
      await b.deleteThread("t");
      const fresh = await putStep(b, emptyThread("t"), { n: "new" });
      // The run is resumed by the checkpoint's id: in one instance after a read, in the other without.
      for (const [i, read] of [true, false].entries()) {
        if (read) expect(await valuesAt(a, fresh.config)).toEqual({ n: "new" });
        const instance = read ? a : b;
        await putStep(instance, fresh, { n: i });
        const child = await putStep(instance, emptyThread("t", `child:${i}`), { state: i });
        expect(await valuesAt(createSaver(world), latestOf(child))).toEqual({ state: i });
      }
    },
  );

  test(
    "a subgraph of a deleted run puts nothing into the thread that has started again, in the same " + "instance",
    async () => {
      const world = { keyPrefix: newPrefix() };
      const agent = createSaver(world);
      const old = await putStep(agent, emptyThread("t"), { n: "old" });
      await createSaver(world).deleteThread("t");
      const running = await putStep(agent, old, { n: "running" });
      const fresh = await putStep(createSaver(world), emptyThread("t"), { n: "fresh" });
      expect(await valuesAt(agent, T)).toEqual({ n: "fresh" });

      const parents = ({ config }: Step): Record<string, unknown> => ({
        parents: { "": config.configurable!.checkpoint_id as string },
      });
      await putStep(agent, emptyThread("t", "memory"), { secret: "old" }, { metadata: parents(running) });
      expect(
        await createSaver(world).getTuple({ configurable: { ...T.configurable, checkpoint_ns: "memory" } }),
      ).toBeUndefined();
      const child = await putStep(agent, emptyThread("t", "memory"), { state: "fresh" }, { metadata: parents(fresh) });
      expect(await valuesAt(createSaver(world), latestOf(child))).toEqual({ state: "fresh" });
    },
  );

  test(
    "writes that come while their checkpoint is being put are the first of their task, in whichever instance the " +
      "next ones come",
    async () => {
      const keyPrefix = newPrefix();
      let early: Promise<void> | undefined;
      const id = "10";
      const config = { configurable: { ...T.configurable, checkpoint_ns: "", checkpoint_id: id } };
      const writing: { saver?: DynamoDBSaver } = {};
      const { saver } = saverAt({ keyPrefix }, async ({ operation, bytes, forward }) => {
        if (operation === "PutItem" && new TextDecoder().decode(bytes).includes("C##10#"))
          await (early ??= writing.saver!.putWrites(
            config,
            [
              ["a", "first"],
              ["__interrupt__", "first"],
            ],
            "task",
          ));
        return forward();
      });
      writing.saver = saver;
      const step = await putStep(saver, emptyThread("t"), { n: 1 }, { id });
      await createSaver({ keyPrefix }).putWrites(
        config,
        [
          ["a", "second"],
          ["b", "second"],
          ["__interrupt__", "last"],
        ],
        "task",
      );
      expect((await itemsOf(keyPrefix, "t")).filter((item) => isWrites(item))).toHaveLength(2);
      const wanted = [
        ["task", "__interrupt__", "last"],
        ["task", "a", "first"],
        ["task", "b", "second"],
      ];
      expect((await createSaver({ keyPrefix }).getTuple(step.config))?.pendingWrites).toEqual(wanted);
    },
  );

  const few = (by: string): PendingWrite[] => [
    ["a", by],
    ["b", by],
    ["__interrupt__", by],
  ];
  // So many are stored as a run.
  const many = (by: string): PendingWrite[] => [
    ...Array.from({ length: 150 }, (_, i): PendingWrite => [`w${i}`, `${by} ${i}`]),
    ["__interrupt__", by],
  ];
  const large = (by: string): PendingWrite[] => [["a", noiseText(70_000, by.length)], ...many(by)];

  test.each<[what: string, early: PendingWrite[], late: PendingWrite[]]>([
    ["few and few", few("early"), few("late")],
    ["one and many", [["a", "early"]], many("late")],
    ["few and many", few("early").slice(1), many("late")],
    ["many and few", many("early").slice(0, -1), few("late")],
    ["many and many", many("early"), many("late")],
    ["large ones and large ones", large("early"), large("late")],
    ["few and none", few("early"), []],
  ])(
    "a copy and an import have the same writes as their original, where a task has put some while its checkpoint " +
      "was being put: %s",
    async (_, early, late) => {
      const place = { keyPrefix: newPrefix(), encryption: { key: noise(32, 5) } };
      const config = { configurable: { ...T.configurable, checkpoint_ns: "", checkpoint_id: "10" } };
      let written: Promise<void> | undefined;
      const writing: { saver?: DynamoDBSaver } = {};
      const { saver } = saverAt(place, async ({ operation, body, forward }) => {
        if (operation === "PutItem" && body.includes("C##10#"))
          await (written ??= writing.saver!.putWrites(config, early, "task"));
        return forward();
      });
      writing.saver = saver;
      await putStep(saver, emptyThread("t"), { n: 1 }, { id: "10" });
      await createSaver(place).putWrites(config, late, "task");
      await createSaver(place).copyThread("t", "copy");
      await createSaver(place).copyThread("copy", "copy of the copy");
      await createSaver(place).importThread(await collect(createSaver(place).exportThread("copy")), {
        threadId: "import",
      });
      const threads = ["t", "copy", "copy of the copy", "import"];
      const writesOf = async (thread_id: string): Promise<unknown> =>
        (await createSaver(place).getTuple({ configurable: { thread_id } }))?.pendingWrites;

      const wanted = (await writesOf("t")) as unknown[];
      expect(wanted).toContainEqual(["task", ...early[0]!]);
      for (const threadId of threads) expect(await writesOf(threadId), threadId).toEqual(wanted);

      // And go on as it does.
      for (const thread_id of threads)
        await createSaver(place).putWrites(
          { configurable: { ...config.configurable, thread_id } },
          many("later"),
          "task",
        );
      const later = await writesOf("t");
      for (const threadId of threads) expect(await writesOf(threadId), threadId).toEqual(later);
    },
  );
});
