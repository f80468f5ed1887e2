import { describe, expect, test } from "vitest";
import { emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, putRaw } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { encrypted } from "./encrypted.js";

describe("a task's path, to which its writes are bound,", () => {
  const pathsOf = async (keyPrefix: string): Promise<unknown> =>
    (await itemsOf(keyPrefix, "t", "C##")).filter(({ SK }) => SK!.S!.includes("#W#")).map(({ path }) => path?.S);

  test.each<[what: string, paths: string[], kept: string]>([
    ["stays the first where another call gives another one", ["~one", "~two"], "~one"],
    ["is taken where an earlier call has given none", ["", "~one"], "~one"],
    ["stays where a later call gives none", ["~one", ""], "~one"],
  ])("%s, and all writes are read", async (_, paths, kept) => {
    for (const many of [1, 150]) {
      const keyPrefix = newPrefix();
      const saver = encrypted(keyPrefix);
      const { config } = await putStep(saver, emptyThread("t"), { n: 1 });
      await saver.putWrites(config, [["n", 1]], "task", paths[0]);
      const more = [
        ...Array.from({ length: many }, (_, i): [string, unknown] => ["n", i + 1]),
        ["__interrupt__", "?"] as [string, unknown],
      ];
      await encrypted(keyPrefix).putWrites(config, more, "task", paths[1]);

      expect((await encrypted(keyPrefix).getTuple(config))?.pendingWrites).toHaveLength(many + 1);
      expect(await pathsOf(keyPrefix)).toEqual([kept]);
      await saver.copyThread("t", "copy");
      expect(
        (await encrypted(keyPrefix).getTuple({ configurable: { thread_id: "copy" } }))?.pendingWrites,
      ).toHaveLength(many + 1);
    }
  });

  test("is not that of an item that a stranger has planted before it", async () => {
    for (const many of [1, 150]) {
      const keyPrefix = newPrefix();
      const saver = encrypted(keyPrefix);
      const { config } = await putStep(saver, emptyThread("t"), { n: 1 });
      await saver.putWrites(config, [["n", "of the first"]], "a", "~1");
      const [planted] = (await itemsOf(keyPrefix, "t", "C##")).filter(({ SK }) => SK!.S!.includes("#W#"));
      const { w0: _, ...empty } = planted!;
      await putRaw({ ...empty, SK: { S: planted!.SK!.S!.replace("#W#a#", "#W#b#") }, path: { S: "~0" } });
      await saver.putWrites(
        config,
        Array.from({ length: many }, (_, i): [string, unknown] => ["n", i]),
        "b",
        "~2",
      );

      const order = (await encrypted(keyPrefix).getTuple(config))?.pendingWrites?.map(([task]) => task);
      expect(order).toEqual(["a", ...Array<string>(many).fill("b")]);
    }
  });

  test(
    "is another one each time a thread is taken over from another saver, also when its tasks have " + "gone on here",
    async () => {
      const keyPrefix = newPrefix();
      const source = createSaver({ keyPrefix: newPrefix() });
      const { config } = await putStep(source, emptyThread("t"), { n: 1 });
      await source.putWrites(config, [["n", 1]], "later");
      const saver = encrypted(keyPrefix);
      await saver.importFrom(source, { threadIds: ["t"] });
      await saver.putWrites(
        config,
        [
          ["n", 1],
          ["n", 2],
        ],
        "later",
        "~__pregel_pull, later",
      );
      await source.putWrites(config, [["n", 0]], "earlier");
      await saver.importFrom(source, { threadIds: ["t"] });

      expect((await encrypted(keyPrefix).getTuple(config))?.pendingWrites).toHaveLength(3);
    },
  );
});
