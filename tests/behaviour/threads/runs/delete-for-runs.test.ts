import { describe, expect, it } from "vitest";
import { collect, emptyThread, idsOf, noiseText, putStep, type Step } from "../../../lanes/savers/checkpoints.js";
import { createSaver } from "../../../lanes/savers/harness.js";
import { itemsOf } from "../../../lanes/stored/raw-table.js";
import { newPrefix } from "../../../lanes/stored/requests.js";

describe("deleteForRuns", () => {
  it(
    "removes the checkpoints of the runs that are named, and a thread that has no others when no run can go on in " +
      "it any more",
    async () => {
      const place = { keyPrefix: newPrefix(), compression: "none" as const };
      const saver = createSaver(place);
      const put = (parent: Step, run_id: string, n: number): Promise<Step> =>
        putStep(saver, parent, { n, document: noiseText(2_000, n) }, { metadata: { run_id } });
      const first = await put(emptyThread("a"), "run 1", 1);
      const second = await put(first, "run 2", 2);
      const third = await put(second, "run 3", 3);
      await put(emptyThread("b"), "run 2", 4);
      expect(await saver.deleteForRuns(["run 2", "run 3"])).toMatchObject({ checkpoints: 3 });
      expect(idsOf(await collect(saver.list({})))).toEqual([first.checkpoint.id]);
      expect(await saver.getTuple(third.config)).toBeUndefined();
      expect(await saver.getTuple({ configurable: { thread_id: "b" } })).toBeUndefined();
      await saver.prune({ threadIds: ["b"], keepLast: 1, graceSeconds: 0 });
      expect((await collect(saver.listThreads())).map(({ threadId }) => threadId)).toEqual(["a"]);
      expect(await itemsOf(place.keyPrefix, "b")).toEqual([]);
      await expect(saver.deleteForRuns("run 1" as never)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    },
  );
});
