import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { emptyThread, noiseText, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import {
  describeWith,
  expectDeleted,
  look,
  optionSets,
  THREAD,
  Worlds,
  type Look,
  type World,
} from "../../lanes/faults/crash-world.js";
import { cutEverywhere } from "../../lanes/faults/cuts.js";
import { createSaver } from "../../lanes/savers/harness.js";

/*
 * A task is killed in the middle of `putWrites` and run again, and this time it writes something else. What could be
 * read in between stays; if nothing could, all of it comes from one of the two runs.
 */

const writesOf = (run: string, count: number, length: number): PendingWrite[] =>
  Array.from({ length: count }, (_, i) => [`channel ${i}`, `${run} ${i} ${noiseText(length, i + run.length)}`]);

const cases: { name: string; count: number; length: number }[] = [
  { name: "a few writes", count: 3, length: 10 },
  { name: "more than 100 writes", count: 130, length: 10 },
  { name: "large writes", count: 2, length: 40_000 },
];

describeWith(optionSets, ({ options, maxCuts }) => {
  test.each(cases)("$name of one run are never mixed with those of the next", async ({ count, length }) => {
    const worlds = new Worlds(options);
    const [one, other] = [writesOf("one", count, length), writesOf("the other", count, length)];
    const looked: Look = { places: [{ ns: "", id: "1" }], delta: [] };
    const seen = async (world: World): Promise<unknown> => (await look(world, looked)).checkpoints["/1"];
    const with_ = async (writes: PendingWrite[]): Promise<unknown> => {
      const world = worlds.next();
      const saver = createSaver(world);
      const { config } = await putStep(saver, emptyThread(THREAD), { n: 1 }, { id: "1" });
      await saver.putWrites(config, writes, "task");
      const found = await seen(world);
      await expectDeleted(world);
      return found;
    };
    const [none, withOne, withOther] = [await with_([]), await with_(one), await with_(other)];

    await cutEverywhere(
      worlds.next,
      (given) => {
        const world = given as World;
        let step: Step;
        let between: unknown;
        return {
          prepare: async (saver) => (step = await putStep(saver, emptyThread(THREAD), { n: 1 }, { id: "1" })),
          run: async (saver) => saver.putWrites(step.config, one, "task"),
          look: async (acknowledged) => {
            between = await seen(world);
            expect(acknowledged ? [withOne] : [none, withOne]).toContainEqual(between);
          },
          goOn: async (saver) => saver.putWrites(step.config, other, "task"),
          check: async () => {
            expect(
              JSON.stringify(between) === JSON.stringify(withOne) ? [withOne] : [withOne, withOther],
            ).toContainEqual(await seen(world));
            await expectDeleted(world);
          },
        };
      },
      { maxCuts, minPlaces: length > 1_000 ? 2 : 1 },
    );
    await worlds.expectNothingLeft();
  });
});
