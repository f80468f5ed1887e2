import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { collect, type Step } from "../savers/checkpoints.js";
import {
  describeWith,
  expectDeleted,
  look,
  optionSets,
  placeOf,
  THREAD,
  Worlds,
  type Look,
  type OptionSet,
  type Visible,
  type World,
} from "./crash-world.js";
import { cutEverywhere } from "./cuts.js";
import { createSaver } from "../savers/harness.js";
import { expectRenewed } from "./outlived.js";

/** A call that stores something, or nothing at all, wherever it is cut. */
export interface CrashCase {
  /** The call, and what the thread is like before it. */
  name: string;
  /** What was acknowledged before. Returns the checkpoints that the call goes on from. */
  prepare?: (saver: DynamoDBSaver, world: World) => Promise<Step[]>;
  run: (saver: DynamoDBSaver, steps: Step[], world: World) => Promise<unknown>;
  /** Whether the call is made by an instance that has not prepared anything. */
  cold?: boolean;
  /** Further calls after the cut one was made again. They must change nothing. */
  changesNothing?: (saver: DynamoDBSaver, steps: Step[]) => Promise<unknown>;
  /** Whether the call makes a branch, which `conflict: "reject"` refuses. */
  branches?: boolean;
  /** Whether the call only reads. With `refreshOnRead` it renews what it reads, and does not fail when it cannot. */
  reads?: boolean;
  /** `DeltaChannel`s of the thread. */
  delta?: string[];
  /** At least so many places there are to cut it at, whatever the options are. */
  minPlaces: number;
}

/** For every set of options, and every case: cut everywhere, the thread is as it was before the call or after it. */
export function testCrashes(cases: CrashCase[], sets: OptionSet[] = optionSets): void {
  describeWith(sets, ({ options, maxCuts }) => {
    const possible = cases.filter(
      ({ branches, reads }) =>
        !(branches && options.conflict === "reject") && !(reads && options.ttlSeconds === undefined),
    );
    test.each(possible)("$name", async (crashCase) => {
      const { prepare, run, cold = false, reads = false, changesNothing, minPlaces } = crashCase;
      const worlds = new Worlds({ ...options, refreshOnRead: reads });
      const { before, after, looked } = await uncut(worlds.next(), crashCase);
      await cutEverywhere(
        worlds.next,
        (given) => {
          const world = given as World;
          let steps: Step[] = [];
          return {
            cold,
            forgives: reads,
            prepare: async (saver) => (steps = (await prepare?.(saver, world)) ?? []),
            run: async (saver) => run(saver, steps, world),
            look: async (acknowledged) => {
              const now = await look(world, looked);
              if (acknowledged || !isSame(now, before)) expect(now).toEqual(after);
            },
            check: async () => {
              expect(await look(world, looked)).toEqual(after);
              if (changesNothing) {
                await changesNothing(createSaver(world), steps);
                expect(await look(world, looked)).toEqual(after);
              }
              if (reads) await expectRenewed(world, steps.at(-1)!);
              await expectDeleted(world);
            },
          };
        },
        { maxCuts, minPlaces },
      );
      await worlds.expectNothingLeft();
    });
  });
}

/** What the thread is like before and after the call when nothing fails, in a world of its own. */
async function uncut(
  world: World,
  { prepare, run, delta = [] }: CrashCase,
): Promise<{ before: Visible; after: Visible; looked: Look }> {
  const saver = createSaver(world);
  const steps = (await prepare?.(saver, world)) ?? [];
  const before = await collect(createSaver(world).list({ configurable: { thread_id: THREAD } }));
  await run(saver, steps, world);
  const after = await collect(createSaver(world).list({ configurable: { thread_id: THREAD } }));
  const places = new Map([...before, ...after].map((tuple) => [placeOf(tuple).name, placeOf(tuple)]));
  const looked = { places: [...places.values()], delta, listed: before.length === 0 };
  const sawAfter = await look(world, looked);
  await expectDeleted(world);
  await prepare?.(createSaver(world), world);
  const sawBefore = await look(world, looked);
  await expectDeleted(world);
  return { before: sawBefore, after: sawAfter, looked };
}

const isSame = (a: Visible, b: Visible): boolean => JSON.stringify(a) === JSON.stringify(b);
