import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { emptyThread, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { late } from "../../lanes/faults/late.js";

/*
 * An attempt whose caller has given it up, and which another attempt has replaced, arrives when more has been
 * acknowledged since. The simulated world found these orders; here they are exact, on a real server.
 */
const passSeconds = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1_000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a late attempt of putWrites", () => {
  const written = async (keyPrefix: string, { config }: Step): Promise<unknown> =>
    (await createSaver({ keyPrefix }).getTuple(config))?.pendingWrites;

  test("does not undo what a later call has written to a special channel", async () => {
    const keyPrefix = newPrefix();
    const { saver, arrive } = late({ keyPrefix }, "UpdateItem", ({ body }) => body.includes("#W#task"));
    const one = await putStep(saver, emptyThread("t"), { n: 1 }, { id: "1" });
    await saver.putWrites(
      one.config,
      [
        ["__resume__", "first"],
        ["n", 1],
      ],
      "task",
    );
    await saver.putWrites(
      one.config,
      [
        ["__resume__", "second"],
        ["n", 2],
      ],
      "task",
    );
    await arrive();
    expect(await written(keyPrefix, one)).toEqual([
      ["task", "__resume__", "second"],
      ["task", "n", 1],
    ]);
  });

  test("is told from a call of a machine whose clock is behind, which has the last word", async () => {
    const keyPrefix = newPrefix();
    const one = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 }, { id: "1" });
    await createSaver({ keyPrefix }).putWrites(one.config, [["__resume__", "first"]], "task");
    passSeconds(-60);
    await createSaver({ keyPrefix }).putWrites(
      one.config,
      [
        ["__resume__", "second"],
        ["n", 1],
      ],
      "task",
    );
    expect(await written(keyPrefix, one)).toEqual([
      ["task", "__resume__", "second"],
      ["task", "n", 1],
    ]);
    await createSaver({ keyPrefix }).putWrites(
      one.config,
      [["__resume__", "third"], ...Array.from({ length: 150 }, (_, n): [string, unknown] => ["n", n])],
      "task",
    );
    expect(await written(keyPrefix, one)).toContainEqual(["task", "__resume__", "third"]);
  });
});
