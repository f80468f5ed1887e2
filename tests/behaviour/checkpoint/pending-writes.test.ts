import { ERROR, RESUME, TASKS, type PendingWrite } from "@langchain/langgraph-checkpoint";
import { describe, expect, it } from "vitest";
import {
  emptyThread,
  latestOf,
  makeCheckpoint,
  metadataOf,
  noise,
  putStep,
  sameBytes,
  threadIdOf,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";
import { newStep, writesOf } from "./pending-writes.js";

const fan = (count: number, text = "send"): PendingWrite[] =>
  Array.from({ length: count }, (_, i) => [TASKS, `${text} ${i}`]);

describe("pending writes come back in order", () => {
  it("of their indices as numbers", async () => {
    const saver = createSaver();
    const step = await newStep(saver);
    const writes = Array.from({ length: 25 }, (_, i): PendingWrite => [`channel-${i}`, i]);
    await saver.putWrites(step.config, writes, "task");
    expect((await writesOf(saver, step)).map(([, , value]) => value)).toEqual(writes.map(([, value]) => value));
  });

  it("of their task's path, then of its id, by code point", async () => {
    const saver = createSaver();
    const step = await newStep(saver);
    // U+FF5E is before U+1F600, though its UTF-16 unit is larger.
    const inOrder = [
      ["", "1"],
      ["", "b"],
      ["~p, 0", "z"],
      ["~p, 1", "B"],
      ["~p, 1", "a"],
      ["～", "0"],
      ["😀", "A"],
      ["😀", "～"],
      ["😀", "😀"],
    ];
    for (const [path, task] of inOrder.toReversed())
      await saver.putWrites(
        step.config,
        [
          ["a", path],
          ["b", path],
        ],
        task!,
        path,
      );
    expect(await writesOf(saver, step)).toEqual(
      inOrder.flatMap(([path, task]) => [
        [task, "a", path],
        [task, "b", path],
      ]),
    );
  });
});

describe("writes", () => {
  it("may come before their checkpoint", async () => {
    const saver = createSaver();
    const { config } = emptyThread();
    const checkpoint = makeCheckpoint({ a: 1 }, { a: 1 });
    const itsConfig = { configurable: { ...config.configurable, checkpoint_id: checkpoint.id } };
    await saver.putWrites(itsConfig, [["a", "early"]], "task");
    expect(await saver.getTuple(itsConfig)).toBeUndefined();
    expect(await saver.getTuple(config)).toBeUndefined();
    await saver.put(config, checkpoint, metadataOf("loop"), { a: 1 });
    expect(await writesOf(saver, { config })).toEqual([["task", "a", "early"]]);
  });

  it("that come before a checkpoint do not hide the one that is there", async () => {
    const saver = createSaver();
    const step = await newStep(saver);
    const later = { configurable: { ...step.config.configurable, checkpoint_id: `${step.checkpoint.id}-later` } };
    for (let task = 0; task < 10; task++) await saver.putWrites(later, [["a", 1]], `task-${task}`);
    expect((await saver.getTuple(latestOf(step)))?.checkpoint.id).toBe(step.checkpoint.id);
  });

  it("may come after their thread was deleted, and are no checkpoint", async () => {
    const saver = createSaver();
    const step = await newStep(saver);
    await saver.deleteThread(threadIdOf(step));
    await saver.putWrites(step.config, [["a", "late"]], "task");
    expect(await saver.getTuple(latestOf(step))).toBeUndefined();
    await saver.deleteThread(threadIdOf(step));
    await putStep(saver, emptyThread(threadIdOf(step)), {}, { id: step.checkpoint.id });
    expect(await writesOf(saver, step)).toEqual([]);
  });

  it.each(["constructor", "__proto__", "toString", "w0", "v", ""])("may go to a channel named %j", async (channel) => {
    const saver = createSaver();
    const step = await newStep(saver);
    await saver.putWrites(
      step.config,
      [
        [channel, "first"],
        ["other", 1],
      ],
      "task",
    );
    await saver.putWrites(step.config, [[channel, "second"]], "task");
    expect(await writesOf(saver, step)).toEqual([
      ["task", channel, "first"],
      ["task", "other", 1],
    ]);
  });

  it("may be large, and again keep the first value", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const step = await newStep(saver);
    await saver.putWrites(
      step.config,
      [
        ["a", noise(80_000, 1)],
        [ERROR, noise(80_000, 2)],
      ],
      "task",
    );
    await saver.putWrites(
      step.config,
      [
        ["a", noise(80_000, 3)],
        [ERROR, noise(80_000, 4)],
      ],
      "task",
    );
    const read = await writesOf(createSaver({ keyPrefix }), step);
    expect(read.map(([, channel]) => channel)).toEqual([ERROR, "a"]);
    expect(sameBytes(read[0]![2], noise(80_000, 4))).toBe(true);
    expect(sameBytes(read[1]![2], noise(80_000, 1))).toBe(true);
  });

  it("of one task may add up to more than an item holds", async () => {
    const saver = createSaver();
    const step = await newStep(saver);
    // Each call fits inline; together they pass 400 KB.
    const calls = Array.from({ length: 8 }, (_, call) =>
      Array.from({ length: call + 1 }, (_, i): PendingWrite => ["a", i === call ? noise(60_000, call + 1) : null]),
    );
    for (const writes of calls) await saver.putWrites(step.config, writes, "task");
    const read = await writesOf(saver, step);
    expect(read.map(([, , value], i) => sameBytes(value, noise(60_000, i + 1)))).toEqual(calls.map(() => true));
  });
});

describe("1,000 writes in one call", () => {
  it("are stored by one UpdateItem, after their segments", async () => {
    const { saver, log } = countedSaver();
    const step = await newStep(saver);
    const small = await log.during(() => saver.putWrites(step.config, fan(1_000), "task"));
    expect(small.operations).toEqual(["UpdateItem"]);
    const large = await log.during(() => saver.putWrites(step.config, fan(1_000, "long ".repeat(100)), "large"));
    expect(large.operations.filter((operation) => operation === "UpdateItem")).toHaveLength(1);
    const read = await writesOf(saver, step);
    expect(read.map(([task, , value]) => [task, value])).toEqual([
      ...fan(1_000, "long ".repeat(100)).map(([, value]) => ["large", value]),
      ...fan(1_000).map(([, value]) => ["task", value]),
    ]);
  });

  it.each([
    [3, 1_000],
    [1_000, 3],
    [1_000, 1_200],
  ])("keep the first value of each index where two calls overlap: %i, then %i", async (one, two) => {
    const keyPrefix = newPrefix();
    const step = await newStep(createSaver({ keyPrefix }));
    await createSaver({ keyPrefix }).putWrites(step.config, [...fan(one, "first"), [RESUME, 1]], "task");
    await createSaver({ keyPrefix }).putWrites(step.config, [...fan(two, "second"), [RESUME, 2]], "task");
    const [resume, ...read] = await writesOf(createSaver({ keyPrefix }), step);
    expect(resume).toEqual(["task", RESUME, 2]);
    expect(read).toEqual(
      fan(Math.max(one, two)).map((_, i) => ["task", TASKS, `${i < one ? "first" : "second"} ${i}`]),
    );
  });

  it("keep the first value of each index when several instances make them at once", async () => {
    const keyPrefix = newPrefix();
    const step = await newStep(createSaver({ keyPrefix }));
    const counts = [1_000, 400, 7, 1_100];
    await Promise.all(
      counts.map((count, i) => createSaver({ keyPrefix }).putWrites(step.config, fan(count, `call ${i}:`), "task")),
    );
    const read = (await writesOf(createSaver({ keyPrefix }), step)).map(([, , value]) => String(value));
    expect(read.map((value) => Number(value.split(" ")[2]))).toEqual(Array.from({ length: 1_100 }, (_, i) => i));
    // The first call that was stored is there whole.
    expect(new Set(read.slice(0, 7).map((value) => value.split(":")[0])).size).toBe(1);
  });
});
