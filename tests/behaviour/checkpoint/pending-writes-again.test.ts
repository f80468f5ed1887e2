import { ERROR, INTERRUPT, RESUME, SCHEDULED } from "@langchain/langgraph-checkpoint";
import { describe, expect, it } from "vitest";
import { emptyThread, putStep, threadIdOf } from "../../lanes/savers/checkpoints.js";
import { awsError, faultyFetch } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newStep, writesOf } from "./pending-writes.js";

describe("writes of one task that are made again", () => {
  it("keep the first value of each index, also where the calls only overlap", async () => {
    const saver = createSaver();
    const step = await newStep(saver);
    await saver.putWrites(
      step.config,
      [
        ["a", "first"],
        ["b", "first"],
      ],
      "task",
    );
    await saver.putWrites(
      step.config,
      [
        ["a", "second"],
        ["b", "second"],
        ["c", "second"],
      ],
      "task",
    );
    await saver.putWrites(step.config, [["d", "third"]], "task");
    expect(await writesOf(saver, step)).toEqual([
      ["task", "a", "first"],
      ["task", "b", "first"],
      ["task", "c", "second"],
    ]);
  });

  it.each([ERROR, SCHEDULED, INTERRUPT, RESUME])("keep the last value of %s", async (special) => {
    const saver = createSaver();
    const step = await newStep(saver);
    await saver.putWrites(
      step.config,
      [
        ["a", "first"],
        [special, "first"],
      ],
      "task",
    );
    await saver.putWrites(
      step.config,
      [
        [special, "second"],
        ["b", "second"],
      ],
      "task",
    );
    expect(await writesOf(saver, step)).toEqual([
      ["task", special, "second"],
      ["task", "a", "first"],
      ["task", "b", "second"],
    ]);
  });

  it("keep the last of several special values in one call", async () => {
    const saver = createSaver();
    const step = await newStep(saver);
    await saver.putWrites(
      step.config,
      [
        [RESUME, "one"],
        [RESUME, "two"],
        [RESUME, ["one", "two", "three"]],
      ],
      "task",
    );
    expect(await writesOf(saver, step)).toEqual([["task", RESUME, ["one", "two", "three"]]]);
  });

  it("leave the writes of other tasks, checkpoints, namespaces and threads alone", async () => {
    const saver = createSaver();
    const step = await newStep(saver);
    const child = await putStep(saver, emptyThread(threadIdOf(step), "child"), {}, { id: step.checkpoint.id });
    const other = await putStep(saver, emptyThread(), {}, { id: step.checkpoint.id });
    await saver.putWrites(step.config, [["a", 1]], "task");
    await saver.putWrites(step.config, [["a", 2]], "task2");
    await saver.putWrites(child.config, [["a", 3]], "task");
    await saver.putWrites(other.config, [["a", 4]], "task");
    expect(await writesOf(saver, step)).toEqual([
      ["task", "a", 1],
      ["task2", "a", 2],
    ]);
    expect(await writesOf(saver, child)).toEqual([["task", "a", 3]]);
    expect(await writesOf(saver, other)).toEqual([["task", "a", 4]]);
  });

  it("take effect in the order of the calls, although the first was on its way for longer", async () => {
    let updates = 0;
    const { fetch } = faultyFetch(async (request) => {
      if (request.operation === "UpdateItem" && ++updates === 3)
        await new Promise((resolve) => setTimeout(resolve, 150)); // after the thread's marker and index entry
      return request.forward();
    });
    const saver = createSaver({ fetch });
    const step = await newStep(saver);
    expect(updates).toBe(2);
    await Promise.all([
      saver.putWrites(
        step.config,
        [
          ["a", "first"],
          [RESUME, "first"],
        ],
        "task",
      ),
      saver.putWrites(
        step.config,
        [
          ["a", "second"],
          [RESUME, "second"],
        ],
        "task",
      ),
    ]);
    expect(await writesOf(saver, step)).toEqual([
      ["task", RESUME, "second"],
      ["task", "a", "first"],
    ]);
  });

  it("are made by the later call also when the earlier one failed", async () => {
    let updates = 0;
    const { fetch } = faultyFetch(({ operation }) =>
      operation === "UpdateItem" && ++updates === 3 ? awsError("ValidationException") : undefined,
    );
    const saver = createSaver({ fetch });
    const step = await newStep(saver);
    const calls = [
      saver.putWrites(step.config, [["a", "first"]], "task"),
      saver.putWrites(step.config, [["a", "second"]], "task"),
    ];
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(await writesOf(saver, step)).toEqual([["task", "a", "second"]]);
  });
});
