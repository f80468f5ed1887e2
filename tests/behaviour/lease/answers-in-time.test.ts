import { Annotation, Command, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { AcquiredLease, DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { emptyThread, latestOf, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { takeOver, thread, under } from "../../lanes/savers/late-holder.js";
import { begunThread } from "../../lanes/savers/leased-saver.js";
import { skewed } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

provideContext();

/* What an older holder has stored in time is what a younger one goes on from, at each of its reads. */

const graphOf = (checkpointer: DynamoDBSaver) =>
  new StateGraph(Annotation.Root({ answers: Annotation<string[]>() }))
    .addNode("ask", () => ({ answers: ["q1", "q2", "q3"].map((question) => interrupt<string, string>(question)) }))
    .addEdge(START, "ask")
    .compile({ checkpointer });

test.each(
  (["exit", "async", "sync"] as const).flatMap((durability) => [
    { durability, how: "plain" },
    { durability, how: "by id" },
  ]),
)("answers of several leases are those of one node, with $durability and $how", async ({ durability, how }) => {
  const world = { keyPrefix: newPrefix() };
  const thread_id = "t";
  const answerNext = async (saver: DynamoDBSaver, { configurable }: AcquiredLease, text: string): Promise<unknown> => {
    const config = { configurable: { thread_id, ...configurable }, durability };
    const { tasks } = await graphOf(saver).getState(config);
    const resume = how === "plain" ? text : { [tasks[0]!.interrupts[0]!.id!]: text };
    return graphOf(saver).invoke(new Command({ resume }), config);
  };
  const [older, younger, last] = [createSaver(world), createSaver(world), createSaver(world)];
  const first = await older.acquireLease(thread_id);
  await graphOf(older).invoke({}, { configurable: { thread_id, ...first.configurable }, durability });
  await answerNext(older, first, "A1");
  await first.release();
  const second = await younger.acquireLease(thread_id);
  await answerNext(younger, second, "B2");
  await second.release();
  expect(await answerNext(last, await last.acquireLease(thread_id), "C3")).toEqual({ answers: ["A1", "B2", "C3"] });
});

test("a late answer does not take the place of the earlier one that a younger holder has read", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  const { config } = under(one, oldLease);
  const writes = (text: string): [string, unknown][] => [
    ["__resume__", [text]],
    ["__interrupt__", { value: `after ${text}` }],
  ];
  await older.putWrites(config, writes("A1"), "task");
  late.hold();
  const lost = older.putWrites(config, writes("A2"), "task");
  await late.holds(1);
  const { saver, step } = await takeOver(world);
  late.letGo();
  await lost;
  for (const read of [latestOf(step), step.config])
    expect((await saver.getTuple(read))?.pendingWrites?.map(([, , value]) => value)).toEqual([
      ["A1"],
      { value: "after A1" },
    ]);
});

test("what a task has written behind an answer counts for a DeltaChannel under the next lease", async () => {
  const { world, one } = await begunThread();
  const [older, younger] = [createSaver(world), createSaver(world)];
  await older.withLease("t", async (lease) => {
    const { config } = under(one, lease);
    await older.getTuple(latestOf(under(one, lease)));
    await older.putWrites(
      config,
      [
        ["__resume__", ["yes"]],
        ["log", "p"],
      ],
      "p",
    );
  });
  const two = await younger.withLease("t", async (lease) => {
    const step = under(one, lease);
    await younger.getTuple(latestOf(step));
    await younger.putWrites(step.config, [["log", "q"]], "q");
    return putStep(younger, step, { m: 2 }, { metadata: { counters_since_delta_snapshot: { log: [1, 1] } } });
  });
  const history = await createSaver(world).getDeltaChannelHistory({ config: two.config, channels: ["log"] });
  expect(history.log!.writes.map(([, , value]) => value)).toEqual(["p", "q"]);
});

test.each(["a put", "writes"])(
  "%s called just before a release is stored, and the release waits for it",
  async (what) => {
    const { world, one } = await begunThread();
    const saver = createSaver(world);
    const run = saver.withLease("t", async (lease) => {
      const step = under(one, lease);
      await saver.getTuple(latestOf(step));
      return {
        stored: what === "a put" ? putStep(saver, step, { n: 2 }) : saver.putWrites(step.config, [["n", 2]], "task"),
      };
    });
    const { stored } = await run;
    const tuple = await createSaver(world).getTuple(latestOf(one));
    const found = [
      ...Object.values(tuple!.checkpoint.channel_values),
      ...tuple!.pendingWrites!.map(([, , value]) => value),
    ];
    expect(found).toContain(2);
    await stored;
  },
);

test.each([
  ["has read nothing", async () => undefined],
  [
    "has written",
    async (saver: DynamoDBSaver, lease: Pick<AcquiredLease, "configurable">, { config }: { config: object }) =>
      saver.putWrites(
        { configurable: { ...(config as { configurable: object }).configurable, ...lease.configurable } },
        [["n", 2]],
        "task",
      ),
  ],
])("who has lost a lease and %s is told", async (_, work) => {
  const { world, one } = await begunThread();
  const saver = createSaver(world);
  const other = createSaver(world);
  const run = saver.withLease("t", async (lease) => {
    await work(saver, lease, one);
    await other.breakLease("t");
    await other.acquireLease("t");
  });
  expect(await errorOf(run)).toMatchObject({ code: "LEASE_LOST" });
});

test("who has lost a lease on a thread without a checkpoint is told, and not where that is gone", async () => {
  const world = { keyPrefix: newPrefix() };
  const [saver, other] = [createSaver(world), createSaver(world)];
  const run = saver.withLease("t", async () => {
    await other.breakLease("t");
    const lease = await other.acquireLease("t");
    await putStep(other, under(emptyThread("t"), lease), { n: 1 });
  });
  expect(await errorOf(run)).toMatchObject({ code: "LEASE_LOST" });
  await other.breakLease("t");
  const deletes = async (): Promise<string> => {
    await saver.deleteThread("t");
    return "done";
  };
  expect(await saver.withLease("t", deletes)).toBe("done");
  expect(await valuesAt(saver, latestOf(emptyThread("t")))).toBeUndefined();
});

test("getLease names nobody once a holder is gone for as long as others wait", async () => {
  const { world } = await begunThread();
  const saver = createSaver(world);
  await createSaver(world).acquireLease("t", { leaseSeconds: 10, holder: "dead" });
  expect(await skewed(14, async () => saver.getLease("t"))).toMatchObject({ holder: "dead" });
  expect(await skewed(16, async () => saver.getLease("t"))).toBeUndefined();
});

test.each([0, NaN, 3_601, "15"])("leaseSeconds of %s is refused, and the message says what it was", async (seconds) => {
  const saver = createSaver({ keyPrefix: newPrefix() });
  const given = seconds as number;
  expect(await errorOf(saver.acquireLease("t", { leaseSeconds: given }))).toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining(typeof seconds === "number" ? `not ${seconds}` : "not a string"),
  });
});
