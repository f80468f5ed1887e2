import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { Instance } from "../calls/instances.js";
import { bodyOf, fail, idsOf, keyPart, show } from "./shown.js";
import { configOf } from "../calls/attempt.js";
import { readHistory } from "../calls/perform-reads.js";
import { LOG } from "../calls/plan.js";
import type { RecordedCheckpoint, Span } from "./records.js";
import type { World } from "../world/world.js";

/** What is there, by an auditor who reads each checkpoint by its id: the rest has to agree with it. */
export type Truth = Map<string, { tuple: CheckpointTuple; recorded: RecordedCheckpoint }>;

const keyOf = (thread: string, ns: string, id: string): string => JSON.stringify([thread, ns, id]);

/** When all is over and nothing on its way: every way to read, and what is left. */
export async function audit(world: World): Promise<Truth> {
  world.trace?.("all is over; the audit begins");
  const { auditor, plan } = world;
  for (const { client } of world.instances) client.lagSteps = 0;
  const truth = await readTruth(world, auditor);
  checkGroups(world, truth);
  await compareWays(world, auditor, truth, true);
  const usable = world.instances.filter(
    ({ plan: { only } }) => !only || (only === "after") === plan.calls.some(({ n }) => n >= plan.turn),
  );
  if (usable.length > 0) await compareWays(world, world.random.pick(usable), truth, false);
  for (const { recorded } of truth.values())
    if (recorded.versions[LOG] !== undefined) await world.calmly(readHistory(world, auditor, recorded));
  checkDeleted(world);
  return truth;
}

const span = (world: World): Span => ({ start: world.moment(), end: world.moment() });

export async function readTruth(world: World, auditor: Instance): Promise<Truth> {
  const truth: Truth = new Map();
  for (const { id: thread, checkpoints } of [...world.model.threads.values()]) {
    for (const [ns, id] of new Map(
      checkpoints.map((one) => [`${one.ns} ${one.id}`, [one.ns, one.id] as const]),
    ).values()) {
      const tuple = await world.calmly(auditor.saver.getTuple(configOf(thread, ns, id)));
      const recorded = world.judge.byId(tuple, { thread, ns, id }, span(world));
      if (tuple) truth.set(keyOf(thread, ns, id), { tuple, recorded: recorded! });
    }
  }
  return truth;
}

async function collect<T>(world: World, all: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  const work = (async () => {
    for await (const item of all) items.push(item);
  })();
  await world.calmly(work);
  return items;
}

/** Latest, lists and the list of threads show what is there by id, and nothing else. */
async function compareWays(world: World, { saver, plan }: Instance, truth: Truth, isWhole: boolean): Promise<void> {
  const places = new Map<string, { thread: string; ns: string; tuples: CheckpointTuple[] }>();
  for (const { checkpoints } of world.model.threads.values())
    for (const { thread, ns } of checkpoints) places.set(keyOf(thread, ns, ""), { thread, ns, tuples: [] });
  for (const { tuple } of truth.values()) {
    const { thread, ns } = idsOf(tuple);
    places.get(keyOf(thread, ns, ""))!.tuples.push(tuple);
  }
  for (const { thread, ns, tuples } of places.values()) {
    tuples.sort((a, b) => (a.checkpoint.id < b.checkpoint.id ? 1 : -1));
    const latest = await world.calmly(saver.getTuple(configOf(thread, ns)));
    same(`${plan.name}'s latest of ${thread} ${ns}`, latest ? [latest] : [], tuples.slice(0, 1));
    if (isWhole) same(`the list of ${thread} ${ns}`, await collect(world, saver.list(configOf(thread, ns))), tuples);
  }
  for (const thread of plan.history === "latest" ? [] : new Set([...places.values()].map((place) => place.thread))) {
    const all = await collect(world, saver.list({ configurable: { thread_id: thread } }));
    same(
      `${plan.name}'s list of ${thread}`,
      sorted(all),
      sorted([...truth.values()].flatMap(({ tuple }) => (idsOf(tuple).thread === thread ? [tuple] : []))),
    );
  }
  if (!isWhole) return;
  const everything = await collect(world, saver.list({ configurable: {} }));
  same("the list of everything", sorted(everything), sorted([...truth.values()].map(({ tuple }) => tuple)));
  const threads = await collect(world, saver.listThreads({ latest: true }));
  world.judge.threads(
    threads.map(({ threadId }) => threadId),
    span(world),
  );
  for (const thread of new Set([...truth.values()].map(({ recorded }) => recorded.thread))) {
    const listed =
      threads.find(({ threadId }) => threadId === thread) ??
      fail(`Thread ${thread} is not listed, and has checkpoints`);
    const latest = places.get(keyOf(thread, "", ""))?.tuples[0];
    if (listed.latest?.checkpointId !== latest?.checkpoint.id || listed.latest?.step !== latest?.metadata?.step)
      fail(
        `Thread ${thread} is listed with ${JSON.stringify(listed.latest)}, and its latest is ${latest?.checkpoint.id}`,
      );
  }
}

const sorted = (tuples: CheckpointTuple[]): CheckpointTuple[] =>
  [...tuples].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
const placeOf = (tuple: CheckpointTuple): string => {
  const { thread, ns, id } = idsOf(tuple);
  return keyOf(thread, ns, id);
};

function same(what: string, got: CheckpointTuple[], wanted: CheckpointTuple[]): void {
  const [a, b] = [got, wanted].map((tuples) => tuples.map((tuple) => show(idsOf(tuple))).join(", "));
  if (a !== b) fail(`${what} is [${a}], and by id there are [${b}]`);
  got.forEach((tuple, i) => {
    if (bodyOf(tuple.checkpoint) !== bodyOf(wanted[i]!.checkpoint))
      fail(`${what}: ${show(idsOf(tuple))} has other values than by id`);
    const [writes, wantedWrites] = [JSON.stringify(tuple.pendingWrites), JSON.stringify(wanted[i]!.pendingWrites)];
    if (writes !== wantedWrites)
      fail(
        `${what}: ${show(idsOf(tuple))} has other writes than by id: ${writes.slice(0, 200)}, not ` +
          `${wantedWrites.slice(0, 200)}`,
      );
  });
}

/** A copy or an import is there as a whole, or not at all. */
function checkGroups(world: World, truth: Truth): void {
  for (const { checkpoints } of world.model.threads.values()) {
    const groups = new Map<number, RecordedCheckpoint[]>();
    for (const one of checkpoints)
      if (
        one.group !== undefined &&
        one.mayGo === Infinity &&
        one.mustGo === Infinity &&
        one.livesMs > world.globals.nowMs
      )
        groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
    for (const group of groups.values()) {
      const there = group.filter((one) => truth.has(keyOf(one.thread, one.ns, one.id)));
      const whole = group.filter((one) => one.sure < Infinity);
      if (there.length > 0 && there.length < whole.length)
        fail(`A copy has ${show(there[0]!)}, and not all of what was copied with it`);
    }
  }
}

/** Of a thread that was deleted, and that nobody has touched since, nothing is left. */
function checkDeleted(world: World): void {
  if (world.lateArrivals > 0) return;
  for (const { id, deletions, lastStored, checkpoints } of world.model.threads.values()) {
    const last = deletions.at(-1);
    if (
      !last ||
      deletions.some(({ end }) => end === Infinity) ||
      !checkpoints.every(({ mustGo }) => mustGo <= last.end) ||
      lastStored > last.start
    )
      continue;
    const left = world.table
      .items()
      .filter((item) => (item.PK!.S as string) === `T#${keyPart(id)}` || (item.SK!.S as string) === keyPart(id))
      // The list of a pruning that was under way, which expires.
      .filter(({ SK, ttl }) => !(ttl && (SK!.S as string).startsWith("G#")));
    if (left.length > 0)
      fail(
        `Thread ${id} was deleted, and left are ${left
          .map((item) => item.SK!.S as string)
          .join(", ")
          .slice(0, 200)}`,
      );
  }
}
