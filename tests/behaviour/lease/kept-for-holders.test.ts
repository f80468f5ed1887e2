import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { emptyThread, idAt, latestOf, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { takeOver, thread, under } from "../../lanes/savers/late-holder.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* What is deleted beside a lease: never what its holder goes on from. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});
const passSeconds = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1_000);

const COUNTERS = { metadata: { counters_since_delta_snapshot: { log: [1, 1] } } };

async function putDelta(saver: DynamoDBSaver, parent: Step, text: string): Promise<Step> {
  await saver.putWrites(parent.config, [["log", text]], `task-${text}`);
  const { checkpoint, config } = parent;
  const versions = { ...checkpoint.channel_versions, log: text };
  const { log: _, ...values } = checkpoint.channel_values;
  const step = { config, checkpoint: { ...checkpoint, channel_values: values, channel_versions: versions } };
  return putStep(saver, step, { n: text }, { id: newId(), ...COUNTERS, newVersions: { ...versions, n: text } });
}

let made = 0;
/** Of this moment, above those before it. */
const newId = (): string => idAt(Date.now() + ++made);

test('an overtaken holder with history: "latest" leaves what a younger DeltaChannel is rebuilt from', async () => {
  const world = { keyPrefix: newPrefix(), history: "latest" as const };
  const [older, younger] = [createSaver(world), createSaver(world)];
  const long = { leaseSeconds: 3_600 };
  const oldLease = await older.acquireLease("t", long);
  let step = await putStep(older, under(emptyThread("t"), oldLease), { log: ["seed"], n: 0 }, { id: newId() });
  for (const text of ["a", "b", "c"]) {
    passSeconds(1);
    step = under(await putDelta(older, step, text), oldLease);
  }
  await younger.breakLease("t");
  const lease = await younger.acquireLease("t", long);
  await younger.getTuple(latestOf(under(step, lease)));
  await putDelta(younger, under(step, lease), "d");
  // The one that was overtaken does not know, and goes on for minutes with snapshots of its own.
  let at = step;
  for (let i = 0; i < 6; i++) {
    passSeconds(31);
    at = under(await putStep(older, at, { log: ["all"], n: i }, { id: newId() }), oldLease);
  }
  const config = latestOf(under(step, lease));
  const history = await younger.getDeltaChannelHistory({ config, channels: ["log"] });
  expect(history.log!.writes.map(([, , value]) => value)).toEqual(["a", "b", "c", "d"]);
});

test("a pruning leaves a thread whose holder has only looked, until that has stored something or is gone", async () => {
  const world = await thread();
  const { late, older, oldLease, one } = world;
  late.hold();
  const lost = putStep(older, under(one, oldLease), { n: "late" });
  await late.holds(1);
  const { saver, lease, step } = await takeOver(world);
  late.letGo();
  await lost;
  const prune = async (): Promise<number> =>
    (await createSaver(world.world).prune({ threadIds: ["t"], keepLast: 1 })).checkpoints;
  expect(await prune()).toBe(0);
  expect(await valuesAt(saver, latestOf(step))).toEqual({ n: 1 });
  await putStep(saver, step, { n: 2 });
  await lease.renew();
  passSeconds(10);
  expect(await prune()).toBe(2);
  expect(await valuesAt(saver, latestOf(step))).toEqual({ n: 2 });

  await putStep(saver, step, { n: 3 });
  await lease.release();
  await saver.acquireLease("t", { leaseSeconds: 1 });
  expect(await prune()).toBe(0);
  passSeconds(10_000);
  expect(await prune()).toBe(1);
});
