import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test } from "vitest";
import { emptyThread, noiseText, putStep, valuesAt, type Step } from "../lanes/checkpoints.js";
import { expectDeleted, optionSets, THREAD, Worlds, type World } from "../lanes/crash-world.js";
import { cutEverywhere } from "../lanes/cuts.js";
import { createSaver } from "../lanes/harness.js";
import { itemsOf } from "../lanes/raw-table.js";
import { objectKeys } from "../lanes/s3-client.js";
import { deleteObject } from "../lanes/s3-saver.js";

/*
 * A call is cut and not made again. What it has left is deleted with its thread; and when its instance goes on from the
 * checkpoint that it could not put, the next one is whole.
 */

const values = (seed: number): Record<string, unknown> => ({ n: seed, segment: noiseText(2_000, seed), object: noiseText(6_000, seed + 1) });
const [old, fresh] = [values(1), values(2)];
const large: PendingWrite[] = [["a", noiseText(40_000, 3)], ["b", noiseText(41_000, 4)]];

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

describe.each(optionSets)("$name", ({ options, maxCuts }) => {
  test.each(cases)("what $name has left is deleted with its thread", async ({ prepare, run }) => {
    const worlds = new Worlds(options);
    await cutEverywhere(
      worlds.next,
      (given) => {
        const world = given as World;
        let parent: Step;
        return {
          prepare: async (saver) => (parent = await prepare(saver)),
          run: async (saver) => run(saver, parent),
          look: async () => undefined,
          goOn: async (saver) => saver.deleteThread(THREAD),
          check: async (late) => {
            // What arrives after the deletion is there again. Of an object that comes so late, nothing in the table knows.
            if (!late) expect((await itemsOf(world.keyPrefix, THREAD)).map(({ SK }) => SK!.S)).toEqual([]);
            expect(await valuesAt(createSaver(world), { configurable: { thread_id: THREAD } })).toBeUndefined();
            await expectDeleted(world);
            if (late && world.s3) for (const key of await objectKeys(inject("s3"), world.s3.prefix!)) await deleteObject(key);
          },
        };
      },
      { maxCuts, minPlaces: 2 },
    );
    await worlds.expectNothingLeft();
  });

});

// With `conflict: "reject"` the next one has no parent that it could follow.
describe.each(optionSets.filter(({ options }) => options.conflict !== "reject"))("$name", ({ options, maxCuts }) => {
  test.each(cases.slice(0, 2))("after $name, a checkpoint that goes on from the one that was cut is whole", async ({ prepare, run }) => {
    const worlds = new Worlds(options);
    await cutEverywhere(
      worlds.next,
      (given) => {
        const world = given as World;
        let parent: Step;
        let child: Step;
        const cutStep = (): Step => {
          const { checkpoint } = parent;
          const versions = Object.fromEntries(Object.keys(fresh).map((name) => [name, ((checkpoint.channel_versions[name] as number | undefined) ?? 0) + 1]));
          return {
            config: { configurable: { thread_id: THREAD, checkpoint_ns: "", checkpoint_id: "2" } },
            checkpoint: { ...checkpoint, id: "2", channel_values: { ...checkpoint.channel_values, ...fresh }, channel_versions: { ...checkpoint.channel_versions, ...versions } },
          };
        };
        return {
          prepare: async (saver) => (parent = await prepare(saver)),
          run: async (saver) => run(saver, parent),
          look: async () => undefined,
          goOn: async (saver) => (child = await putStep(saver, cutStep(), { n: 3 }, { id: "3" })),
          check: async () => {
            expect(await valuesAt(createSaver(world), child.config)).toEqual({ ...fresh, n: 3 });
            await expectDeleted(world);
          },
        };
      },
      { maxCuts, minPlaces: 2 },
    );
    await worlds.expectNothingLeft();
  });
});
