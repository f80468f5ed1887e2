import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect, inject, test } from "vitest";
import { emptyThread, noiseText, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import {
  describeWith,
  expectDeleted,
  optionSets,
  THREAD,
  Worlds,
  type OptionSet,
  type World,
} from "../../lanes/faults/crash-world.js";
import { cutEverywhere, type Cutting } from "../../lanes/faults/cuts.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { objectKeys } from "../../lanes/stored/s3-client.js";
import { deleteObject } from "../../lanes/savers/s3-saver.js";

/*
 * A call is cut and not made again. What it has left is deleted with its thread; and when its instance goes on from the
 * checkpoint that it could not put, the next one is whole.
 */

const values = (seed: number): Record<string, unknown> => ({
  n: seed,
  segment: noiseText(2_000, seed),
  object: noiseText(6_000, seed + 1),
});
const [old, fresh] = [values(1), values(2)];
const large: PendingWrite[] = [
  ["a", noiseText(40_000, 3)],
  ["b", noiseText(41_000, 4)],
];

interface Case {
  name: string;
  prepare: (saver: DynamoDBSaver) => Promise<Step>;
  run: (saver: DynamoDBSaver, parent: Step) => Promise<unknown>;
}

const start = async (): Promise<Step> => emptyThread(THREAD);
const putFirst = (saver: DynamoDBSaver): Promise<Step> => putStep(saver, emptyThread(THREAD), old, { id: "1" });
const putNext = (saver: DynamoDBSaver, parent: Step): Promise<Step> => putStep(saver, parent, fresh, { id: "2" });

const cases: Case[] = [
  { name: "a thread's first put", prepare: start, run: putNext },
  { name: "a later put", prepare: putFirst, run: putNext },
  { name: "putWrites", prepare: putFirst, run: (saver, { config }) => saver.putWrites(config, large, "task") },
];

/**
 * Cuts a case's call everywhere. `next` tells how a world goes on after that, from what the case has prepared in it.
 */
async function abandon(
  { prepare, run }: Case,
  { options, maxCuts }: OptionSet,
  next: (world: World, prepared: () => Step) => Required<Pick<Cutting, "goOn" | "check">>,
): Promise<void> {
  const worlds = new Worlds(options);
  await cutEverywhere(
    worlds.next,
    (world) => {
      let parent: Step;
      return {
        prepare: async (saver) => (parent = await prepare(saver)),
        run: async (saver) => run(saver, parent),
        look: async () => undefined,
        ...next(world as World, () => parent),
      };
    },
    { maxCuts, minPlaces: 2 },
  );
  await worlds.expectNothingLeft();
}

describeWith(optionSets, (set) => {
  test.each(cases)("what $name has left is deleted with its thread", async (abandoned) => {
    await abandon(abandoned, set, (world) => ({
      goOn: async (saver) => saver.deleteThread(THREAD),
      check: async (late) => {
        // What arrives after the deletion is there again. Of an object that comes so late, nothing in the table knows.
        if (!late) expect((await itemsOf(world.keyPrefix, THREAD)).map(({ SK }) => SK!.S)).toEqual([]);
        expect(await valuesAt(createSaver(world), { configurable: { thread_id: THREAD } })).toBeUndefined();
        await expectDeleted(world);
        if (late && world.s3)
          for (const key of await objectKeys(inject("s3"), world.s3.prefix!)) await deleteObject(key);
      },
    }));
  });

  // With `conflict: "reject"` the next one has no parent that it could follow.
  const followed = set.options.conflict === "reject" ? [] : cases.slice(0, 2);
  test.each(followed)(
    "after $name, a checkpoint that goes on from the one that was cut is whole",
    async (abandoned) => {
      await abandon(abandoned, set, (world, prepared) => {
        let child: Step;
        return {
          goOn: async (saver) => (child = await putStep(saver, cutStep(prepared()), { n: 3 }, { id: "3" })),
          check: async () => {
            expect(await valuesAt(createSaver(world), child.config)).toEqual({ ...fresh, n: 3 });
            await expectDeleted(world);
          },
        };
      });
    },
  );
});

/** The checkpoint that `putNext` puts, as the instance knows it whose call was cut. */
function cutStep({ checkpoint }: Step): Step {
  const versions = Object.fromEntries(
    Object.keys(fresh).map((name) => [name, ((checkpoint.channel_versions[name] as number | undefined) ?? 0) + 1]),
  );
  return {
    config: { configurable: { thread_id: THREAD, checkpoint_ns: "", checkpoint_id: "2" } },
    checkpoint: {
      ...checkpoint,
      id: "2",
      channel_values: { ...checkpoint.channel_values, ...fresh },
      channel_versions: { ...checkpoint.channel_versions, ...versions },
    },
  };
}
