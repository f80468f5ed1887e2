import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { collect, emptyThread, noiseText, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import {
  describeWith,
  expectDeleted,
  look,
  optionSets,
  placeOf,
  THREAD,
  Worlds,
  type Visible,
  type World,
} from "../../lanes/faults/crash-world.js";
import { cutEverywhere } from "../../lanes/faults/cuts.js";
import { putDeltaStep, putDeltaThread } from "../../lanes/savers/delta-thread.js";
import { garbageOf } from "../../lanes/stored/garbage.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";

/*
 * Pruning, copying and importing are cut wherever they can be. What is to stay reads as before all the time, what is
 * still there is whole, and called again they come to what they would have been without the cut.
 */

const COPY = "copy";

async function putThread(saver: DynamoDBSaver): Promise<Step[]> {
  let step = emptyThread(THREAD);
  const steps: Step[] = [];
  for (let n = 1; n <= 4; n++) {
    step = await putStep(
      saver,
      step,
      { n, segment: noiseText(2_000, n), object: noiseText(6_000, 10 + n) },
      { id: String(n) },
    );
    await saver.putWrites(
      step.config,
      [
        ["n", n],
        ["large", noiseText(66_000, 20 + n)],
      ],
      "task",
    );
    steps.push(step);
  }
  steps.push(await putStep(saver, emptyThread(THREAD, "child:1"), { segment: noiseText(2_000, 4) }, { id: "5" }));
  return steps;
}

async function putDelta(saver: DynamoDBSaver): Promise<Step[]> {
  const steps = await putDeltaThread(saver, THREAD);
  return [...steps, await putDeltaStep(saver, steps[1]!, "3", 2)];
}

interface Case {
  name: string;
  prepare: (saver: DynamoDBSaver) => Promise<Step[]>;
  delta: string[];
  graceSeconds: number;
  stays: string[];
  minPlaces: number;
}

const cases: Case[] = [
  {
    name: "a thread that nothing runs on",
    prepare: putThread,
    delta: [],
    graceSeconds: 0,
    stays: ["/4", "child:1/5"],
    minPlaces: 4,
  },
  {
    name: "a thread that something may run on",
    prepare: putThread,
    delta: [],
    graceSeconds: 3_600,
    stays: ["/4", "child:1/5"],
    minPlaces: 4,
  },
  {
    name: "a thread with a DeltaChannel",
    prepare: putDelta,
    delta: ["log"],
    graceSeconds: 0,
    stays: ["/3"],
    minPlaces: 3,
  },
];

const withoutParents = ({ checkpoints }: Visible, names: string[]): unknown =>
  names.map((name) => ({ ...(checkpoints[name] as object), parentConfig: undefined }));
const canBeRead = ({ compression, encryption }: World): boolean => compression === "none" && !encryption;

// The others send the same requests.
describeWith(optionSets.slice(0, 3), ({ options, maxCuts }) => {
  // These calls take longer than others.
  const cuts = Math.ceil(maxCuts / 2);
  const placesOf = (steps: Step[]): { ns: string; id: string }[] =>
    steps.map(({ config }) => placeOf({ config } as Parameters<typeof placeOf>[0]));

  test.each(cases)(
    "prune of $name leaves what is whole, and when it is called again what is to stay",
    async ({ prepare, delta, graceSeconds, stays, minPlaces }) => {
      const worlds = new Worlds({ ...options, compression: options.encryption ? "gzip" : "none" });
      const uncut = worlds.next();
      const places = placesOf(await prepare(createSaver(uncut)));
      const before = await look(uncut, { places, delta });
      await expectDeleted(uncut);
      await cutEverywhere(
        worlds.next,
        (given) => {
          const world = given as World;
          return {
            cold: true,
            prepare,
            run: async (saver) => saver.prune({ threadIds: [THREAD], keepLast: 1, graceSeconds }),
            look: async (acknowledged) => {
              const now = await look(world, { places, delta, listed: true });
              const whole = [...new Set([...stays, ...Object.keys(now.checkpoints)])];
              expect(withoutParents(now, whole)).toEqual(withoutParents(before, whole));
              if (acknowledged) expect(Object.keys(now.checkpoints).toSorted()).toEqual(stays);
            },
            check: async () => {
              const now = await look(world, { places, delta, listed: true });
              expect(Object.keys(now.checkpoints).toSorted()).toEqual(stays);
              expect(withoutParents(now, stays)).toEqual(withoutParents(before, stays));
              if (graceSeconds === 0 && canBeRead(world)) expect(await garbageOf(world, THREAD)).toEqual([]);
              await expectDeleted(world);
            },
          };
        },
        { maxCuts: cuts, minPlaces },
      );
      await worlds.expectNothingLeft();
    },
  );

  const restoring: [name: string, run: (saver: DynamoDBSaver, lines: string[]) => PromiseLike<unknown>][] = [
    ["copyThread", (saver) => saver.copyThread(THREAD, COPY)],
    ["importThread", (saver, lines) => saver.importThread(lines, { threadId: COPY })],
  ];
  test.each(restoring)("%s stores a thread whole or not at all, and when it is called again whole", async (_, run) => {
    const worlds = new Worlds(options);
    const read = async (world: World, threadId: string): Promise<string> =>
      JSON.stringify(await collect(createSaver(world).list({ configurable: { thread_id: threadId } }))).replaceAll(
        `"thread_id":"${threadId}"`,
        "",
      );
    await cutEverywhere(
      worlds.next,
      (given) => {
        const world = given as World;
        let original = "";
        let lines: string[] = [];
        /** Where the cut call came to its end, the thread is there. */
        const unlessThere = (error: unknown): void => expect(error).toMatchObject({ code: "INVALID_INPUT" });
        return {
          cold: true,
          prepare: async (saver) => {
            await putThread(saver);
            original = await read(world, THREAD);
            lines = await collect(saver.exportThread(THREAD));
          },
          run: async (saver) => run(saver, lines),
          goOn: async (saver) => Promise.resolve(run(saver, lines)).catch(unlessThere),
          look: async (acknowledged) => {
            expect(await read(world, THREAD)).toBe(original);
            const saver = createSaver(world);
            const tuple = await saver.getTuple({ configurable: { thread_id: COPY } });
            if (acknowledged || tuple) expect(await read(world, COPY)).toBe(original);
          },
          check: async () => {
            expect(await read(world, THREAD)).toBe(original);
            expect(await read(world, COPY)).toBe(original);
            await createSaver(world).deleteThread(COPY);
            expect((await itemsOf(world.keyPrefix, COPY)).map(({ SK }) => SK!.S)).toEqual([]);
            await expectDeleted(world);
          },
        };
      },
      { maxCuts: cuts, minPlaces: 4 },
    );
    await worlds.expectNothingLeft();
  });

  test('a put with history: "latest" leaves the checkpoint before it or its own, whole and alone', async () => {
    const worlds = new Worlds({ ...options, history: "latest" });
    const first = worlds.next();
    const steps = await putThread(createSaver(first));
    await expectDeleted(first);
    const third = steps[2]!;
    const putFourth = (saver: DynamoDBSaver): Promise<Step> =>
      putStep(saver, third, { n: 40, segment: noiseText(2_000, 50) }, { id: "4" });
    await cutEverywhere(
      worlds.next,
      (given) => {
        const world = given as World;
        const latest = async (): Promise<string | undefined> => {
          const [tuple, ...others] = await collect(
            createSaver(world).list({ configurable: { thread_id: THREAD, checkpoint_ns: "" } }),
          );
          expect(others).toEqual([]);
          const same = await createSaver(world).getTuple({ configurable: { thread_id: THREAD } });
          expect(same?.checkpoint).toEqual(tuple?.checkpoint);
          if (tuple?.checkpoint.id === "3") {
            expect(tuple.checkpoint.channel_values).toEqual(third.checkpoint.channel_values);
            expect(tuple.pendingWrites).toHaveLength(2);
          } else
            expect(tuple?.checkpoint.channel_values).toEqual({
              ...third.checkpoint.channel_values,
              n: 40,
              segment: noiseText(2_000, 50),
            });
          return tuple?.checkpoint.id;
        };
        return {
          prepare: async (saver) => {
            let step = emptyThread(THREAD);
            for (const { checkpoint } of steps.slice(0, 3)) {
              step = await putStep(saver, step, checkpoint.channel_values, { id: checkpoint.id });
              await saver.putWrites(
                step.config,
                [
                  ["n", 1],
                  ["large", noiseText(66_000, 20)],
                ],
                "task",
              );
            }
          },
          run: putFourth,
          look: async (acknowledged) => {
            const id = await latest();
            if (acknowledged) expect(id).toBe("4");
          },
          check: async () => {
            expect(await latest()).toBe("4");
            await expectDeleted(world);
          },
        };
      },
      { maxCuts: cuts, minPlaces: 2 },
    );
    await worlds.expectNothingLeft();
  });
});
