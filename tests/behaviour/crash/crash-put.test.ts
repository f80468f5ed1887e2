import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { emptyThread, noiseText, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { THREAD } from "../../lanes/faults/crash-world.js";
import { testCrashes } from "../../lanes/faults/crash-suite.js";

/*
 * `put` is cut wherever it can be. What is then read must be the thread before the call or after it; made again, by the
 * same instance or by another one, it must come to what it would have been without the cut.
 */

/** One value that stands in its item, one for a segment, and with `s3` two for objects. */
const values = (seed: number): Record<string, unknown> => ({
  n: seed,
  segment: noiseText(2_000, seed),
  one: noiseText(6_000, seed + 1),
  two: noiseText(7_000, seed + 2),
});
const [old, fresh] = [values(10), values(30)];
const longer = noiseText(2_200, 40);
const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`channel ${i}`, noiseText(900, i + 1)]));

const start = emptyThread(THREAD);
const child = emptyThread(THREAD, "child:1|grandchild:2");

const putFirst = (saver: DynamoDBSaver): Promise<Step> => putStep(saver, start, old, { id: "1" });

async function putTwo(saver: DynamoDBSaver): Promise<Step[]> {
  const first = await putFirst(saver);
  return [first, await putStep(saver, first, { n: 20, one: longer.repeat(3) }, { id: "2" })];
}

testCrashes([
  {
    name: "a thread's first checkpoint is there whole or not at all",
    run: putFirst,
    minPlaces: 4,
  },
  {
    name: "a checkpoint with a small change is there or not",
    prepare: putTwo,
    run: (saver, steps) => putStep(saver, steps[1]!, { n: 30 }, { id: "3" }),
    minPlaces: 1,
  },
  {
    name: "a checkpoint with new segments is there whole or not at all",
    prepare: putTwo,
    run: (saver, steps) => putStep(saver, steps[1]!, fresh, { id: "3" }),
    minPlaces: 2,
  },
  {
    name: "a checkpoint whose instance has to read its parent first is there whole or not at all",
    prepare: putTwo,
    cold: true,
    run: (saver, steps) => putStep(saver, steps[1]!, { n: 30, segment: longer }, { id: "3" }),
    minPlaces: 3,
  },
  {
    name: "a fork from an older checkpoint is there whole or not at all",
    branches: true,
    prepare: putTwo,
    cold: true,
    run: (saver, steps) =>
      putStep(saver, steps[0]!, { segment: longer }, { id: "3", metadata: { source: "fork" }, newVersions: {} }),
    minPlaces: 3,
  },
  {
    name: "a subgraph's first checkpoint in a thread that its instance knows is there whole or not at all",
    prepare: putTwo,
    run: (saver) => putStep(saver, child, fresh, { id: "3" }),
    minPlaces: 2,
  },
  {
    name: "a subgraph's first checkpoint in a thread that its instance does not know is there whole or not at all",
    prepare: putTwo,
    cold: true,
    run: (saver) => putStep(saver, child, fresh, { id: "3" }),
    minPlaces: 3,
  },
  {
    name: "a subgraph's checkpoint that comes before any of its thread is there whole or not at all",
    run: (saver) => putStep(saver, child, fresh, { id: "3" }),
    minPlaces: 4,
  },
  {
    name: "a checkpoint with more inline bytes than an item may have is there whole or not at all",
    prepare: putTwo,
    run: (saver, steps) => putStep(saver, steps[1]!, many, { id: "3" }),
    minPlaces: 2,
  },
  {
    name: "a checkpoint that is put again is there as it was, or as it is now",
    prepare: putTwo,
    run: (saver, steps) => putStep(saver, steps[0]!, fresh, { id: "2" }),
    minPlaces: 2,
  },
]);
