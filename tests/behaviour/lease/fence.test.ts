import type { AcquiredLease, DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { collect, emptyThread, idsOf, latestOf, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { createReader } from "../checkpoint/readers.js";

/*
 * What an older holder puts late, when a younger one has read: each way to read, and each way to write. Late is what a
 * request does that was sent while its lease was good: here a fetch that lets it go only later.
 */

/** Lets the writing requests of a saver go only when it is told to. */
class Late {
  #held: (() => void)[] | undefined;

  readonly fetch: typeof fetch = async (url, init) => {
    const operation = new Headers(init?.headers).get("x-amz-target") ?? "";
    if (this.#held && /PutItem|BatchWriteItem|UpdateItem/.test(operation))
      await new Promise<void>((resolve) => this.#held!.push(resolve));
    return fetch(url, init);
  };

  hold(): void {
    this.#held = [];
  }

  /** Whether so many requests are held. */
  async holds(many: number): Promise<void> {
    while ((this.#held?.length ?? 0) < many) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const resolve of held) resolve();
  }
}

interface Thread {
  world: Partial<SaverOptions> & { keyPrefix: string };
  late: Late;
  /** Who has lost the thread, and does not know yet. */
  older: DynamoDBSaver;
  oldLease: AcquiredLease;
  one: Step;
}

const under = (step: Step, lease: Pick<AcquiredLease, "configurable">): Step => ({
  ...step,
  config: { configurable: { ...step.config.configurable, ...lease.configurable } },
});

/** A thread with a checkpoint, in a namespace, whose holder has sent something that has not arrived. */
async function thread(options: Partial<SaverOptions> = {}, ns = ""): Promise<Thread> {
  const world = { ...options, keyPrefix: newPrefix() };
  const late = new Late();
  const older = createSaver({ ...world, fetch: late.fetch });
  const first = createSaver(world);
  if (ns !== "") await putStep(first, emptyThread("t"), { root: 1 });
  const one = await putStep(first, emptyThread("t", ns), { n: 1 });
  const oldLease = await older.acquireLease("t");
  await older.getTuple(under(one, oldLease).config);
  return { world, late, older, oldLease, one };
}

/** Another one takes the thread, and reads it. */
async function takeOver({ world, one }: Thread): Promise<{ saver: DynamoDBSaver; lease: AcquiredLease; step: Step }> {
  const saver = createSaver(world);
  await saver.breakLease("t");
  const lease = await saver.acquireLease("t");
  const step = under(one, lease);
  await saver.getTuple(latestOf(step));
  return { saver, lease, step };
}

describe.each([
  ["the root's namespace", "", {}],
  ["a subgraph's namespace", "child:1", {}],
  ["an encrypted thread", "", { encryption: { key: new Uint8Array(32).fill(7) } }],
  ["a thread that expires", "", { ttlSeconds: 3_600 }],
  ["a thread whose history is not kept", "", { history: "latest" as const }],
])("in %s, a checkpoint that comes late", (_, ns, options) => {
  test("is absent to the younger holder, in every way to read", async () => {
    const world = await thread(options, ns);
    const { late, older, oldLease, one } = world;
    late.hold();
    const lost = putStep(older, under(one, oldLease), { n: "late" }, { id: "1f0fffff-0000-6000-8000-000000000001" });
    await late.holds(1);
    const { saver, step } = await takeOver(world);
    late.letGo();
    await lost;

    expect(await valuesAt(saver, latestOf(step))).toMatchObject({ n: 1 });
    expect(idsOf(await collect(saver.list(latestOf(step))))).toEqual([one.checkpoint.id]);
    const byId = {
      configurable: { ...step.config.configurable, checkpoint_id: "1f0fffff-0000-6000-8000-000000000001" },
    };
    expect(await saver.getTuple(byId)).toBeUndefined();

    const two = await putStep(saver, step, { n: 2 });
    // Also to everyone else now, although its id is the highest.
    expect(two.checkpoint.id < "1f0fffff").toBe(true);
    for (const reader of [saver, createSaver(world.world)])
      expect(await valuesAt(reader, latestOf({ ...two, config: one.config }))).toMatchObject({ n: 2 });
  });
});

test("a checkpoint that comes late does not hide what the younger holder's task has written", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  late.hold();
  const lost = putStep(older, under(one, oldLease), { n: "late" }, { id: "1f0fffff-0000-6000-8000-000000000001" });
  await late.holds(1);
  const { saver, step, lease } = await takeOver(world);
  await saver.putWrites(step.config, [["n", "paid"]], "task");
  await lease.release();
  late.letGo();
  await lost;

  const next = createSaver(world.world);
  await next.withLease("t", async (held) => {
    const tuple = await next.getTuple(latestOf(under(one, held)));
    expect(tuple?.config.configurable?.checkpoint_id).toBe(one.checkpoint.id);
    expect(tuple?.pendingWrites).toEqual([["task", "n", "paid"]]);
  });
  expect((await createReader(world.world).getTuple(latestOf(one)))?.config.configurable?.checkpoint_id).toBe(
    one.checkpoint.id,
  );
});

describe("writes that come late", () => {
  async function lateWrites(task: string) {
    const world = await thread();
    const { late, older, oldLease, one } = world;
    late.hold();
    const lost = older.putWrites(under(one, oldLease).config, [["n", "late"]], task);
    await late.holds(1);
    const taken = await takeOver(world);
    return { ...world, ...taken, lost };
  }

  test("are no pending writes of what the younger holder reads", async () => {
    const { late, lost, saver, step, one } = await lateWrites("task");
    late.letGo();
    await lost;
    expect((await saver.getTuple(latestOf(step)))?.pendingWrites).toEqual([]);
    expect((await saver.getTuple(step.config))?.pendingWrites).toEqual([]);
    expect((await collect(saver.list(latestOf(step))))[0]?.pendingWrites).toEqual([]);
    expect((await collect(saver.list(latestOf(one)))).map(({ pendingWrites }) => pendingWrites?.length)).toEqual([1]);
  });

  test("do not take the place of what the younger holder writes, whichever came first", async () => {
    for (const comesFirst of [true, false]) {
      const { world, late, lost, saver, step, one } = await lateWrites("task");
      if (comesFirst) {
        late.letGo();
        await lost;
      }
      await saver.putWrites(step.config, [["n", "paid"]], "task");
      late.letGo();
      await lost;
      for (const [reader, config] of [
        [saver, step.config],
        [createSaver(world), one.config],
      ] as const)
        expect((await reader.getTuple(config))?.pendingWrites).toEqual([["task", "n", "paid"]]);
    }
  });

  test("that were there when the younger holder read stay, with what it writes beside them", async () => {
    const world = await thread();
    await world.older.putWrites(under(world.one, world.oldLease).config, [["__interrupt__", "approve?"]], "task");
    const { saver, step } = await takeOver(world);
    expect((await saver.getTuple(step.config))?.pendingWrites).toEqual([["task", "__interrupt__", "approve?"]]);
    await saver.putWrites(step.config, [["__resume__", "yes"]], "task");
    await saver.putWrites(step.config, [["n", 2]], "task");
    expect((await createSaver(world.world).getTuple(world.one.config))?.pendingWrites).toEqual(
      expect.arrayContaining([
        ["task", "__interrupt__", "approve?"],
        ["task", "__resume__", "yes"],
        ["task", "n", 2],
      ]),
    );
  });
});

test("what a DeltaChannel is rebuilt from leaves out writes that came late, and has those of the holder", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  late.hold();
  const lost = older.putWrites(under(one, oldLease).config, [["log", "late"]], "other-task");
  await late.holds(1);
  const { saver, step } = await takeOver(world);
  await saver.putWrites(step.config, [["log", "good"]], "task");
  const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
  const two = await putStep(saver, step, { n: 2 }, { metadata });
  late.letGo();
  await lost;
  for (const reader of [saver, createSaver(world.world)]) {
    const history = await reader.getDeltaChannelHistory({ config: two.config, channels: ["log"] });
    expect(history.log!.writes).toEqual([["task", "log", "good"]]);
  }
});

test("a holder forks and replays from older checkpoints, and what it puts last is the latest", async () => {
  const world = await thread();
  const two = await putStep(createSaver(world.world), world.one, { n: 2 });
  const { saver, lease } = await takeOver(world);
  const replayed = under(world.one, lease);
  // Writes to what is not the latest claim nothing.
  await saver.putWrites(replayed.config, [["n", "again"]], "task");
  expect(await valuesAt(createSaver(world.world), latestOf(two))).toEqual({ n: 2 });
  const fork = await putStep(saver, replayed, { n: "fork" }, { metadata: { source: "fork" } });
  expect(await valuesAt(createSaver(world.world), latestOf(two))).toEqual({ n: "fork" });
  expect(idsOf(await collect(saver.list(latestOf(under(two, lease)))))).toEqual(
    [fork, two, world.one].map(({ checkpoint }) => checkpoint.id),
  );
});

test("who has no lease is never refused, and what it puts goes on from what it has read", async () => {
  const world = await thread();
  const { saver, lease, step } = await takeOver(world);
  const two = await putStep(saver, step, { n: 2 });
  const other = createSaver(world.world);
  await other.getTuple(latestOf(world.one));
  const plain = { ...two, config: { configurable: { ...two.config.configurable } } };
  await putStep(other, plain, { n: "update" });
  expect(await valuesAt(saver, latestOf(under(two, lease)))).toEqual({ n: "update" });
  await putStep(saver, under(two, lease), { n: 3 });
  expect(await valuesAt(other, latestOf(world.one))).toEqual({ n: 3 });
});

test('with conflict: "reject", holder and others find the head as before', async () => {
  const world = await thread({ conflict: "reject" });
  const { saver, lease, step } = await takeOver(world);
  const two = await putStep(saver, step, { n: 2 });
  expect(await errorOf(putStep(createSaver(world.world), world.one, { n: "other" }))).toMatchObject({
    code: "CONFLICT",
    headId: two.checkpoint.id,
  });
  await putStep(saver, under(two, lease), { n: 3 });
  expect(await valuesAt(createSaver(world.world), latestOf(world.one))).toEqual({ n: 3 });
});

describe("a thread with leases behind it", () => {
  /** The latest has a lower id than an older holder's last one, as where clocks are apart. */
  async function withLateTop() {
    const world = await thread();
    const top = await putStep(world.older, under(world.one, world.oldLease), { n: "top" }, { id: "1f0fffff-1" });
    const { saver, lease } = await takeOver(world);
    const latest = await putStep(saver, under(top, lease), { n: "latest" });
    await saver.putWrites(under(latest, lease).config, [["n", "pending"]], "task");
    await lease.release();
    return { ...world, saver, latest, top };
  }

  test("is pruned to its latest checkpoint, whatever the ids say", async () => {
    const { saver, world, one } = await withLateTop();
    await saver.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 });
    expect(await valuesAt(createSaver(world), latestOf(one))).toEqual({ n: "latest" });
  });

  test.each(["copied", "exported and imported"])(
    "reads the same when it is %s, and later leases go on",
    async (how) => {
      const { saver, world, one } = await withLateTop();
      if (how === "copied") await saver.copyThread("t", "u");
      else await saver.importThread(await collect(saver.exportThread("t")), { threadId: "u" });
      const copy = { configurable: { thread_id: "u", checkpoint_ns: "" } };
      const [there, here] = [await createSaver(world).getTuple(copy), await createSaver(world).getTuple(latestOf(one))];
      expect(there?.checkpoint).toEqual(here?.checkpoint);
      expect(there?.pendingWrites).toEqual([["task", "n", "pending"]]);
      expect(await saver.getLease("u")).toBeUndefined();
      await saver.withLease("u", async (held) => {
        const step = { config: there!.config, checkpoint: there!.checkpoint };
        await putStep(saver, under(step, held), { n: "next" });
      });
      expect(await valuesAt(createSaver(world), copy)).toEqual({ n: "next" });
    },
  );

  test("is deleted whole", async () => {
    const { saver, world, one } = await withLateTop();
    await saver.deleteThread("t");
    expect(await createSaver(world).getTuple(latestOf(one))).toBeUndefined();
    const lease = await saver.acquireLease("t");
    expect(await saver.getTuple(latestOf(under(one, lease)))).toBeUndefined();
    await lease.release();
  });
});
