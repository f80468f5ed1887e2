import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { collect, emptyThread, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { saverAt } from "../../lanes/savers/s3-saver.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* What has a marker and nothing that a reader sees is no thread, to a copy and an export as to any other reader. */

describe("a thread of which nothing is there", () => {
  const passSeconds = (seconds: number): void =>
    void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1_000 });
  afterEach(() => void vi.useRealTimers());

  test.each<[how: string, make: (place: { keyPrefix: string }) => Promise<void>]>([
    [
      "because it has expired",
      async (place) => {
        await putStep(createSaver({ ...place, ttlSeconds: 100 }), emptyThread("t"), { n: 1 });
        passSeconds(120);
      },
    ],
    [
      "because it has just begun",
      async (place) => {
        const { saver } = saverAt(place, ({ operation }) => {
          if (operation === "PutItem") throw new TypeError("the connection was reset");
          return undefined;
        });
        await errorOf(putStep(saver, emptyThread("t"), { n: 1 }));
      },
    ],
    [
      "because its runs were deleted",
      async (place) => {
        const saver = createSaver(place);
        await putStep(saver, emptyThread("t"), { n: 1 }, { metadata: { run_id: "A" } });
        await saver.deleteForRuns(["A"]);
      },
    ],
  ])("%s, is neither copied nor exported", async (_, make) => {
    const place = { keyPrefix: newPrefix() };
    await make(place);
    const saver: DynamoDBSaver = createSaver(place);
    const error = { code: "INVALID_INPUT", message: 'There is no thread "t".' };
    await expect(saver.copyThread("t", "again")).rejects.toMatchObject(error);
    await expect(collect(saver.exportThread("t"))).rejects.toMatchObject(error);
    expect((await collect(saver.listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
  });

  test("is not imported", async () => {
    const saver = createSaver({ keyPrefix: newPrefix() });
    await putStep(saver, emptyThread("t"), { n: 1 });
    const [head] = await collect(saver.exportThread("t"));
    const lines = [head!, JSON.stringify({ items: 0 })];
    await expect(saver.importThread(lines, { threadId: "again" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    expect(await collect(saver.listThreads({ prefix: "again" }))).toEqual([]);
  });
});
