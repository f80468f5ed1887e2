import { CheckpointConflictError, type DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect, inject, test } from "vitest";
import { emptyThread, noiseText, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { expectDeleted, look, THREAD, Worlds, type World } from "../../lanes/faults/crash-world.js";
import { cutEverywhere } from "../../lanes/faults/cuts.js";
import { createSaver } from "../../lanes/savers/harness.js";

/*
 * With `conflict: "reject"` a writer is killed in the middle of `put`, and another one goes on from the same parent
 * with a checkpoint of its own. Exactly one of the two is there in the end, whatever of the dead one's still arrives,
 * and the other one knows that it is not.
 */

interface Case {
  name: string;
  /** What both go on from. */
  start: (saver: DynamoDBSaver) => Promise<Step>;
  minPlaces: number;
}

const child = emptyThread(THREAD, "child:1");
const putFirst = (saver: DynamoDBSaver): Promise<Step> =>
  putStep(saver, emptyThread(THREAD), { n: 1, document: noiseText(2_000) }, { id: "1" });

const cases: Case[] = [
  { name: "a thread's first checkpoint", start: async () => emptyThread(THREAD), minPlaces: 4 },
  { name: "a later checkpoint", start: putFirst, minPlaces: 3 },
  { name: "a subgraph's first checkpoint", start: async (saver) => (await putFirst(saver), child), minPlaces: 3 },
];

const ids = ["dead", "other"] as const;
const changes = { dead: { n: 2, list: noiseText(2_100, 2) }, other: { n: 3, list: noiseText(2_200, 3) } };

test.each(cases)(
  "$name is of the writer that was killed or of the one that goes on, and never of both",
  async ({ start, minPlaces }) => {
    const worlds = new Worlds({ conflict: "reject" });
    // The one that goes on has the lower id, or the higher one: clocks differ.
    for (const order of [
      ["2", "3"],
      ["3", "2"],
    ]) {
      const idOf = { dead: order[0]!, other: order[1]! };
      const put = (saver: DynamoDBSaver, parent: Step, who: (typeof ids)[number]): Promise<Step> =>
        putStep(saver, parent, changes[who], { id: idOf[who] });

      await cutEverywhere(
        worlds.next,
        (given) => {
          const world = given as World;
          let parent: Step;
          let refused: unknown;
          let between: (typeof ids)[number][];
          const visible = async (): Promise<(typeof ids)[number][]> => {
            const ns = parent.config.configurable!.checkpoint_ns as string;
            const { checkpoints } = await look(world, { places: order.map((id) => ({ ns, id })), delta: [] });
            return ids.filter((who) => `${ns}/${idOf[who]}` in checkpoints);
          };
          return {
            prepare: async (saver) => (parent = await start(saver)),
            run: async (saver) => put(saver, parent, "dead"),
            look: async (acknowledged) => {
              between = await visible();
              if (acknowledged) expect(between).toEqual(["dead"]);
            },
            goOn: async (saver) => put(saver, parent, "other").catch((error: unknown) => (refused = error)),
            check: async () => {
              if (refused !== undefined) expect(refused).toBeInstanceOf(CheckpointConflictError);
              if (between.length > 0) expect(refused).toBeDefined();
              const winner = refused === undefined ? "other" : "dead";
              expect(await visible()).toEqual([winner]);
              // And it is what the next one goes on from.
              const saver = createSaver(world);
              const { config } = parent;
              const latest = (await saver.getTuple({
                configurable: { ...config.configurable, checkpoint_id: undefined },
              }))!;
              expect(latest.checkpoint.id).toBe(idOf[winner]);
              const next = await putStep(
                saver,
                { config: latest.config, checkpoint: latest.checkpoint },
                { n: 9 },
                { id: "9" },
              );
              expect(await valuesAt(createSaver(world), next.config)).toMatchObject({
                list: changes[winner].list,
                n: 9,
              });
              await expectDeleted(world);
            },
          };
        },
        { maxCuts: inject("cuts") ?? 20, minPlaces },
      );
    }
    await worlds.expectNothingLeft();
  },
);
