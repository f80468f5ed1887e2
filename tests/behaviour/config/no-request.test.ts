import { describe, expect, test } from "vitest";
import { observedSaver } from "../../lanes/faults/faulty-fetch.js";
import { checkpoint, getTuple, of, putWrites } from "./untyped-calls.js";

/* Needs no server. */

describe("answered without a request:", () => {
  test.each([
    ["an empty configurable", {}],
    ["a checkpoint id alone", { checkpoint_id: "c" }],
    ["a thread id that is null", { thread_id: null }],
  ])("getTuple of %s is undefined", async (_, configurable) => {
    const { saver, sent } = observedSaver();

    expect(await getTuple(of(configurable))(saver)).toBeUndefined();
    expect(sent).toEqual([]);
  });

  test("putWrites of no writes", async () => {
    const { saver, sent } = observedSaver();

    await putWrites(checkpoint, [])(saver);

    expect(sent).toEqual([]);
  });

  test("end()", async () => {
    const { saver, sent } = observedSaver();

    await saver.end();

    expect(sent).toEqual([]);
  });
});
