import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test } from "vitest";
import { collect, emptyThread, latestOf, noise, noiseText, putStep, type Step } from "../lanes/checkpoints.js";
import { cutEverywhere } from "../lanes/cuts.js";
import { createSaver, s3Options, type SaverOptions } from "../lanes/harness.js";
import { itemsOf } from "../lanes/raw-table.js";
import { newPrefix } from "../lanes/requests.js";
import { objectKeys } from "../lanes/s3-client.js";

/*
 * A process is killed at every request of a call, before and after the service acted on it. What another one then
 * reads must be the thread before the call or after it, and nothing may be left that deleteThread does not find.
 */

interface World extends Partial<SaverOptions> {
  keyPrefix: string;
  s3: ReturnType<typeof s3Options> & { thresholdBytes: number };
}

const kinds: [name: string, options: Partial<SaverOptions>][] = [
  ["plain", {}],
  ["with ttlSeconds and encryption", { ttlSeconds: 1_000, encryption: { key: noise(32, 5) } }],
];

const newWorld = (options: Partial<SaverOptions>): World => ({ ...options, keyPrefix: newPrefix(), s3: { ...s3Options(), thresholdBytes: 3_000 } });

/** One value for DynamoDB and two for S3. */
const changes = (seed: number): Record<string, unknown> => ({ small: noiseText(3_000, seed), one: noiseText(6_000, seed + 1), two: noiseText(7_000, seed + 2), n: seed });

const valuesOf = ({ checkpoint }: Step): Record<string, unknown> => checkpoint.channel_values;

async function latest(world: World, threadId: string): Promise<{ values: Record<string, unknown> | undefined; writes: unknown[] | undefined }> {
  const tuple = await createSaver(world).getTuple({ configurable: { thread_id: threadId } });
  return { values: tuple?.checkpoint.channel_values, writes: tuple?.pendingWrites?.map(([, , value]) => value) };
}

/** Everything of the thread can be deleted, and nothing is left in either place. */
async function expectNothingLeft(world: World, threadId: string): Promise<void> {
  await createSaver(world).deleteThread(threadId);
  expect(await itemsOf(world.keyPrefix, threadId)).toEqual([]);
  expect(await collect(createSaver(world).listThreads())).toEqual([]);
  expect(await objectKeys(inject("s3"), world.s3.prefix)).toEqual([]);
}

/** The thread is listed as long as it has something. */
async function expectListedIfThere(world: World): Promise<void> {
  const listed = await collect(createSaver(world).listThreads());
  if ((await itemsOf(world.keyPrefix, "t", "C#")).length > 0) expect(listed).toHaveLength(1);
}

describe.each(kinds)("%s", (_, options) => {
  test("put of a thread's first checkpoint, killed at any request, is all or nothing", async () => {
    const requests = await cutEverywhere(
      () => newWorld(options),
      (saver, world) => {
        const start = emptyThread("t");
        let step: Step | undefined;
        return {
          run: async () => (step = await putStep(saver, start, changes(10), { id: "1" })),
          check: async () => {
            const { values } = await latest(world as World, "t");
            expect([undefined, changes(10)]).toContainEqual(values);
            if (step) expect(values).toEqual(changes(10));
            await expectListedIfThere(world as World);
            await putStep(createSaver(world), start, changes(10), { id: "1" });
            expect((await latest(world as World, "t")).values).toEqual(changes(10));
            await expectNothingLeft(world as World, "t");
          },
        };
      },
    );
    // The index entry, a segment, pointers, two objects, the checkpoint.
    expect(requests).toBeGreaterThanOrEqual(5);
  });

  test("put of a later checkpoint, killed at any request, leaves the one before it or itself", async () => {
    const requests = await cutEverywhere(
      () => newWorld(options),
      (saver, world) => {
        let before: Step;
        return {
          prepare: async () => (before = await putStep(saver, emptyThread("t"), changes(20), { id: "1" })),
          run: async () => putStep(saver, before, changes(30), { id: "2" }),
          check: async () => {
            const { values } = await latest(world as World, "t");
            expect([valuesOf(before), changes(30)]).toContainEqual(values);
            await putStep(createSaver(world), before, changes(30), { id: "2" });
            expect((await latest(world as World, "t")).values).toEqual(changes(30));
            expect((await createSaver(world).getTuple(before.config))?.checkpoint.channel_values).toEqual(valuesOf(before));
            await expectNothingLeft(world as World, "t");
          },
        };
      },
    );
    expect(requests).toBeGreaterThanOrEqual(4);
  });

  test("putWrites of large values, killed at any request, is all or nothing", async () => {
    const large = [noiseText(66_000, 40), noiseText(67_000, 41)];
    const put = (saver: DynamoDBSaver, { config }: Step): Promise<void> => saver.putWrites(config, large.map((value, i) => [`c${i}`, value]), "task");
    const requests = await cutEverywhere(
      () => newWorld(options),
      (saver, world) => {
        let step: Step;
        return {
          prepare: async () => (step = await putStep(saver, emptyThread("t"), { n: 1 })),
          run: async () => put(saver, step),
          check: async () => {
            const { writes } = await latest(world as World, "t");
            expect([[], large]).toContainEqual(writes);
            await put(createSaver(world), step);
            expect((await latest(world as World, "t")).writes).toEqual(large);
            await expectNothingLeft(world as World, "t");
          },
        };
      },
    );
    expect(requests).toBeGreaterThanOrEqual(4);
  });

  test("deleteThread, killed at any request, leaves a thread that can be read, or none, and finds the rest when it is called again", async () => {
    const requests = await cutEverywhere(
      () => newWorld(options),
      (saver, world) => {
        let steps: Step[];
        return {
          prepare: async () => {
            const one = await putStep(saver, emptyThread("t"), changes(50));
            await saver.putWrites(one.config, [["large", noiseText(70_000, 51)]], "task");
            steps = [one, await putStep(saver, one, changes(60))];
          },
          run: async () => saver.deleteThread("t"),
          check: async () => {
            const { values } = await latest(world as World, "t");
            expect([undefined, ...steps.map(valuesOf)]).toContainEqual(values);
            await expectListedIfThere(world as World);
            await expectNothingLeft(world as World, "t");
            expect(await createSaver(world).getTuple(latestOf(steps[0]!))).toBeUndefined();
          },
        };
      },
    );
    expect(requests).toBeGreaterThan(6);
  });
});
