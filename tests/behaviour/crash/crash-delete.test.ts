import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver, Fetch } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { collect, emptyThread, noiseText, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import {
  describeWith,
  describeTuple,
  expectDeleted,
  expectListed,
  optionSets,
  placeOf,
  THREAD,
  Worlds,
  type World,
} from "../../lanes/faults/crash-world.js";
import { cutEverywhere, type Cutting } from "../../lanes/faults/cuts.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";

/*
 * `deleteThread` is cut wherever it can be. What can still be read then is whole and listed; called again, by the same
 * instance or by another one, it leaves nothing in the table nor in S3. A thread can also be begun anew instead.
 */

/** DynamoDB ends a page at 1 MB. This makes it end after so many items, so that a small thread has several pages. */
const PAGE = 12;
const smallPages: Fetch = (url, init) => {
  const isQuery = new Headers(init.headers).get("x-amz-target")?.endsWith(".Query");
  if (!isQuery) return fetch(url, init);
  const input = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as Record<string, unknown>;
  return fetch(url, { ...init, body: JSON.stringify({ Limit: PAGE, ...input }) });
};

const segments = [noiseText(2_000, 1), noiseText(2_100, 2)];
const objects = [noiseText(6_000, 3), noiseText(7_000, 4)];
const large: PendingWrite[] = [["large", noiseText(66_000, 5)]];

async function putSmall(saver: DynamoDBSaver): Promise<Step[]> {
  const first = await putStep(saver, emptyThread(THREAD), { segment: segments[0], object: objects[0] }, { id: "10" });
  await saver.putWrites(first.config, large, "task");
  return [first, await putStep(saver, first, { object: objects[1] }, { id: "11" })];
}

/** Branches, subgraphs, writes of tasks, and writes and segments that no checkpoint refers to. */
async function putLarge(saver: DynamoDBSaver): Promise<Step[]> {
  const [first, second] = (await putSmall(saver)) as [Step, Step];
  const branches = Array.from({ length: 8 }, (_, i) =>
    putStep(
      saver,
      i % 2 ? first : second,
      { n: i },
      { id: String(20 + i), ...(i === 0 && { metadata: { source: "fork" } }) },
    ),
  );
  const subgraphs = ["child:1", "child:1|grandchild:2"].map((ns, i) =>
    putStep(saver, emptyThread(THREAD, ns), { segment: segments[i], n: 1 }, { id: String(30 + i) }),
  );
  const steps = await Promise.all([...branches, ...subgraphs]);
  await Promise.all([
    ...steps.map(({ config }, i) => saver.putWrites(config, [["n", i]], `task ${i}`)),
    saver.putWrites(
      { configurable: { thread_id: THREAD, checkpoint_ns: "", checkpoint_id: "99" } },
      large,
      "task of none",
    ),
  ]);
  return steps;
}

interface Case {
  name: string;
  prepare: (saver: DynamoDBSaver) => Promise<Step[]>;
  fetch?: Fetch;
  minPlaces: number;
}

const cases: Case[] = [
  { name: "a small thread", prepare: putSmall, minPlaces: 6 },
  { name: "a thread with branches, subgraphs and several pages", prepare: putLarge, fetch: smallPages, minPlaces: 12 },
];

describeWith(optionSets, ({ options, maxCuts }) => {
  // A branch is what `conflict: "reject"` refuses: then a saver without it has made the thread.
  const preparing = (world: World, saver: DynamoDBSaver): DynamoDBSaver =>
    options.conflict === "reject" ? createSaver({ ...world, conflict: "branch" }) : saver;

  const deleting = (world: World, prepare: Case["prepare"], before: Map<string, unknown>): Cutting => ({
    prepare: async (saver) => prepare(preparing(world, saver)),
    run: async (saver) => saver.deleteThread(THREAD),
    look: async (acknowledged) => {
      const found = await visible(world);
      for (const [name, tuple] of found) expect(tuple, name).toEqual(before.get(name));
      if (found.size > 0) await expectListed(world);
      if (acknowledged) expect([...found.keys()]).toEqual([]);
    },
    check: async () => {
      expect((await itemsOf(world.keyPrefix, THREAD)).map(({ SK }) => SK!.S)).toEqual([]);
      expect([...(await visible(world)).keys()]).toEqual([]);
    },
  });

  const readBefore = async (world: World, prepare: Case["prepare"]): Promise<Map<string, unknown>> => {
    await prepare(preparing(world, createSaver(world)));
    const before = await visible(world);
    await expectDeleted(world);
    return before;
  };

  test.each(cases)(
    "deleteThread of $name leaves what is whole, and when it is called again nothing",
    async ({ prepare, fetch, minPlaces }) => {
      const worlds = new Worlds({ ...options, ...(fetch && { fetch }) });
      const before = await readBefore(worlds.next(), prepare);
      await cutEverywhere(worlds.next, (world) => deleting(world as World, prepare, before), { maxCuts, minPlaces });
      await worlds.expectNothingLeft();
    },
  );

  test("a thread whose deletion was cut can be begun anew, and is the new one", async () => {
    const worlds = new Worlds(options);
    const before = await readBefore(worlds.next(), putSmall);
    await cutEverywhere(
      worlds.next,
      (given) => {
        const world = given as World;
        let fresh: Step;
        return {
          ...deleting(world, putSmall, before),
          goOn: async (saver) =>
            (fresh = await putStep(
              saver,
              emptyThread(THREAD),
              { segment: segments[0], object: objects[1], n: "new" },
              { id: "12" },
            )),
          check: async (late) => {
            const values = fresh.checkpoint.channel_values;
            // What was still under way may delete the new thread as well. It is whole or gone.
            const allowed = late ? [values, undefined] : [values];
            expect(allowed).toContainEqual(await valuesAt(createSaver(world), { configurable: { thread_id: THREAD } }));
            expect(allowed).toContainEqual(await valuesAt(createSaver(world), fresh.config));
            if (!late) await expectListed(world);
            await expectDeleted(world);
          },
        };
      },
      { maxCuts, minPlaces: 4 },
    );
    await worlds.expectNothingLeft();
  });
});

/** Every checkpoint that is found by any way to read, by its place. */
async function visible(world: World): Promise<Map<string, unknown>> {
  const saver = createSaver(world);
  const tuples = await collect(saver.list({ configurable: { thread_id: THREAD } }));
  const places = ["10", "11", "20", "27"].map((checkpoint_id) => ({ checkpoint_id }));
  for (const place of [
    ...places,
    {},
    { checkpoint_ns: "child:1" },
    { checkpoint_ns: "child:1|grandchild:2", checkpoint_id: "31" },
  ]) {
    const tuple = await saver.getTuple({ configurable: { thread_id: THREAD, ...place } });
    if (tuple) tuples.push(tuple);
  }
  const described = tuples.map(async (tuple) => [placeOf(tuple).name, await describeTuple(saver, tuple, [])] as const);
  return new Map(await Promise.all(described));
}
