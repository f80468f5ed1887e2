import { ERROR, INTERRUPT, RESUME, SCHEDULED, TASKS, type PendingWrite } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { emptyThread, noise, noiseText, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { testCrashes, type CrashCase } from "../../lanes/faults/crash-suite.js";
import { THREAD } from "../../lanes/faults/crash-world.js";

/*
 * `putWrites` is cut wherever it can be. What is then read must be the writes before the call or after it. After every
 * case the task is run once more with other values for the same indices: what was readable before stays.
 */

const few: PendingWrite[] = [
  ["a", "first"],
  ["b", { n: 1 }],
  ["b", noiseText(1_500, 2)],
];
const many = (count: number, what: string): PendingWrite[] =>
  Array.from({ length: count }, (_, i) => [TASKS, `${what} ${i}`]);
/** Together more than an item may have inline. With `s3`, objects. */
const large: PendingWrite[] = [
  ["a", noiseText(40_000, 40)],
  ["b", noiseText(41_000, 41)],
  ["c", "small"],
];
const special: PendingWrite[] = [
  [RESUME, "one"],
  [RESUME, ["one", "two"]],
  [INTERRUPT, "why?"],
  ["a", "first"],
  [ERROR, "failed"],
  [SCHEDULED, 1],
];

const prepare = async (saver: DynamoDBSaver): Promise<Step[]> => [
  await putStep(saver, emptyThread(THREAD), { notes: ["a note"] }, { id: "1" }),
];

const put = (saver: DynamoDBSaver, [step]: Step[], writes: PendingWrite[], task = "task"): Promise<void> =>
  saver.putWrites(step!.config, writes, task, "~path, 0");

/** A checkpoint to which a task has written. */
const preparedWith =
  (...calls: PendingWrite[][]): NonNullable<CrashCase["prepare"]> =>
  async (saver) => {
    const steps = await prepare(saver);
    for (const writes of calls) await put(saver, steps, writes);
    return steps;
  };

/** The call, and afterwards one with other values for as many indices. */
const writing = (writes: PendingWrite[]): Pick<CrashCase, "run" | "changesNothing"> => ({
  run: (saver, steps) => put(saver, steps, writes),
  changesNothing: (saver, steps) =>
    put(
      saver,
      steps,
      Array.from({ length: writes.length }, () => ["other", "other"]),
    ),
});

testCrashes([
  { name: "a few writes are all there or none is", prepare, ...writing(few), minPlaces: 1 },
  { name: "more than 100 writes are all there or none is", prepare, ...writing(many(150, "send")), minPlaces: 1 },
  { name: "large writes are all there or none is", prepare, ...writing(large), minPlaces: 2 },
  {
    name: "many large writes are all there or none is",
    prepare,
    ...writing([...many(110, "send"), ...large]),
    minPlaces: 2,
  },
  {
    name: "writes of an instance that has nothing cached are all there or none is",
    prepare,
    cold: true,
    ...writing(few),
    minPlaces: 1,
  },
  {
    name: "writes of a task that has written before add what is new",
    prepare: preparedWith([
      ["a", "before"],
      ["b", "before"],
    ]),
    ...writing([
      ["a", "now"],
      ["b", "now"],
      ["c", "now"],
    ]),
    minPlaces: 1,
  },
  {
    name: "more than 100 writes of a task that has written before add what is new",
    prepare: preparedWith(many(20, "before"), many(130, "between")),
    ...writing(many(170, "now")),
    minPlaces: 3,
  },
  {
    name: "large writes of a task whose item is nearly full add what is new",
    prepare: preparedWith(
      ...Array.from({ length: 6 }, (_, i) => [...many(i, "before"), ["a", noise(61_000, i + 1)] as PendingWrite]),
    ),
    ...writing([...many(6, "now"), ["a", noise(60_000, 9)]]),
    minPlaces: 3,
  },
  {
    name: "special channels have the last value, others the first",
    prepare: preparedWith([
      ["z", "before"],
      [INTERRUPT, "before"],
      ["z", "before"],
    ]),
    run: (saver, steps) => put(saver, steps, special),
    changesNothing: (saver, steps) => put(saver, steps, [["other", "other"]]),
    minPlaces: 1,
  },
  {
    name: "writes that come before their checkpoint are there with it",
    run: async (saver) => {
      await saver.putWrites(
        { configurable: { thread_id: THREAD, checkpoint_ns: "", checkpoint_id: "1" } },
        large,
        "task",
      );
      await prepare(saver);
    },
    minPlaces: 4,
  },
]);
