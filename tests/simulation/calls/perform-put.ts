import {
  DeltaSnapshot,
  type Checkpoint,
  type CheckpointMetadata,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import type { RunnableConfig } from "@langchain/core/runnables";
import { canonical, document, text } from "./contents.js";
import type { Instance } from "./instances.js";
import { bodyOf, fail, logOf, show } from "../model/shown.js";
import { attempt, choose, configOf } from "./attempt.js";
import { read } from "./perform-reads.js";
import { store, TASKS } from "./perform-writes.js";
import { LOG, type CallOf, type Change } from "./plan.js";
import { possible, unborn, type RecordedCheckpoint, type Span } from "../model/records.js";
import type { World } from "../world/world.js";

interface Prepared {
  instance: Instance;
  config: RunnableConfig;
  checkpoint: Checkpoint;
  metadata: CheckpointMetadata;
  newVersions: Record<string, number>;
  recorded: RecordedCheckpoint;
  parent: RecordedCheckpoint | undefined;
  stoodOn: RecordedCheckpoint | undefined;
  ttl: number | undefined;
}

const failed = new WeakMap<World, Prepared[]>();
const counts = new WeakMap<World, number>();

/** Ids rise with time, as LangGraph's do. */
export function nextId(world: World): string {
  const count = (counts.get(world) ?? 0) + 1;
  counts.set(world, count);
  return `1f0${String(count).padStart(5, "0")}-0000-6000-8000-000000000000`;
}

function changed(before: unknown, { channel, to, ...how }: Change, n: number): unknown {
  const { document: which, length } = how as { document?: number; length?: number };
  if (to === "document") return document(which!);
  if (to === "longer")
    return [...(Array.isArray(before) ? (before as unknown[]) : []), text(`${channel} ${n}`, length!)];
  return channel === "n" ? { n, open: null } : text(`${channel} ${n}`, length!);
}

export async function put(world: World, instance: Instance, call: CallOf<"put">): Promise<void> {
  const { plan, model } = world;
  const thread = plan.threads[call.thread]!;
  const root = choose(world, thread, "", "latest");
  // A subgraph runs below a checkpoint of the root's.
  const ns = root ? plan.namespaces[call.ns]! : "";
  const parent = call.parent === "none" ? undefined : choose(world, thread, ns, call.parent);
  if (call.readFirst && parent) await read(world, instance, thread, ns, parent.id);
  if (parent && call.logs > 0) {
    const [task, path] = TASKS[call.n % 2]!;
    const writes = Array.from({ length: call.logs }, (_, i): [string, unknown] => [
      LOG,
      text(`log ${call.n} ${i}`, i === 0 ? 30 : 1_200),
    ]);
    // The first step of a run belongs to the checkpoint that it goes on from, which may be another run's.
    const all: PendingWrite[] = [...writes, ["n", { n: call.n }]];
    if (!(await store(world, instance, parent, all, [`${task}-${call.n}`, path], `run-${call.run}`))) return;
  }
  const values: Record<string, unknown> = { ...parent?.values };
  const versions = { ...parent?.versions };
  const newVersions: Record<string, number> = {};
  const next = Math.max(0, ...Object.values(versions)) + 1;
  const bump = (channel: string): void => void (versions[channel] = newVersions[channel] = next);
  for (const change of call.changes) {
    values[change.channel] = changed(values[change.channel], change, call.n);
    bump(change.channel);
  }
  const hasLog = plan.hasLog || parent?.counters !== undefined || (parent !== undefined && call.logs > 0);
  if ((parent && call.logs > 0) || call.snapshot) bump(LOG);
  const [updates, supersteps] = parent?.counters ?? [0, 0];
  const counters: [number, number] | undefined = call.snapshot
    ? [0, 0]
    : hasLog
      ? [updates + (call.logs > 0 ? 1 : 0), supersteps + 1]
      : undefined;
  const metadata = {
    source: call.fork ? "fork" : "loop",
    step: (parent?.step ?? -2) + 1,
    parents: ns === "" ? {} : { "": root!.id },
    run_id: `run-${call.run}`,
    ...(counters && counters[1] > 0 && { counters_since_delta_snapshot: { [LOG]: counters } }),
  } as CheckpointMetadata;
  const log = call.snapshot ? { [LOG]: new DeltaSnapshot([`everything until call ${call.n}`]) } : {};
  const id = nextId(world);
  const checkpoint: Checkpoint = {
    v: 4,
    id,
    ts: new Date().toISOString(),
    channel_values: { ...values, ...log },
    channel_versions: versions,
    versions_seen: {},
  };
  const recorded: RecordedCheckpoint = {
    ...unborn(world.steps),
    ...{ thread, ns, id, parentId: parent?.id, values, versions, counters, chain: parent, weak: false, dead: "no" },
    body: bodyOf(checkpoint),
    metadata: canonical(metadata),
    step: metadata.step,
    run: `run-${call.run}`,
    tsMs: world.globals.nowMs,
    madeMs: world.globals.nowMs,
    log: logOf(log),
    putEnd: Infinity,
    putStart: world.steps,
  };
  model.beginPut(recorded);
  const config = configOf(thread, ns, parent?.id, call.ttl);
  await submit(world, {
    instance,
    config,
    checkpoint,
    metadata,
    newVersions: call.fork ? {} : newVersions,
    recorded,
    parent,
    stoodOn: parent ?? (ns === "" ? undefined : root),
    ttl: call.ttl ?? instance.plan.ttlSeconds,
  });
}

/** Makes the call, changes afterwards what it was given, and tells the model. */
export async function submit(world: World, prepared: Prepared): Promise<void> {
  const { instance, config, metadata, newVersions, recorded, parent, stoodOn, ttl } = prepared;
  const { model } = world;
  const isLatestOnly = instance.plan.history === "latest";
  const removal = model.removals.begin({
    thread: recorded.thread,
    touches: (one) => isLatestOnly && one.id < recorded.id,
    start: world.steps,
  });
  // Once more of what it is: what the caller does with it afterwards changes nothing.
  const { [LOG]: log, ...plain } = prepared.checkpoint.channel_values;
  const channel_values = { ...structuredClone(plain), ...(log !== undefined && { [LOG]: log }) };
  const checkpoint = { ...structuredClone({ ...prepared.checkpoint, channel_values: {} }), channel_values };
  const given = structuredClone(metadata);
  const conflicts = instance.plan.conflict === "reject";
  // It may begin anew meanwhile, and the call goes on with what it remembered.
  const { plan, touched, tried } = instance;
  const result = await attempt(
    world,
    instance,
    () => {
      const call = instance.saver.put(config, checkpoint, given, { ...newVersions });
      for (const value of Object.values(channel_values)) {
        if (Array.isArray(value)) value.push("added after the call");
        else if (typeof value === "object" && value !== null && !(value instanceof DeltaSnapshot))
          (value as { later?: string }).later = "changed after the call";
      }
      return call;
    },
    (code, span) => conflicts && code === "CONFLICT" && isInConflict(world, prepared, span),
  ).finally(() => model.removals.end(removal));
  const { span } = result;
  if (result.error?.code === "CONFLICT") {
    // Nothing was stored, and nothing will be.
    recorded.mustGo = 0;
    recorded.putEnd = span.end.step;
    model.thread(recorded.thread).lastStored = span.end.step;
    return;
  }
  recorded.weak ||= recorded.chain !== undefined && !model.mustSee(recorded.chain, span);
  model.endPut(recorded, stoodOn, span, !result.error, { plan, touched, tried }, ttl);
  if (result.error) failed.set(world, [...(failed.get(world) ?? []), prepared]);
  else if (conflicts) checkChain(world, recorded, parent, span);
}

/**
 * Whether another run may have written to the namespace, or tried to at the same time; or the thread was deleted then,
 * and with it who is the latest.
 */
function isInConflict(world: World, { recorded, parent }: Prepared, span: Span): boolean {
  if (parent && !world.model.mustSee(parent, span)) return true;
  if (world.model.thread(recorded.thread).deletedSince(span.start.step)) return true;
  return world.model.thread(recorded.thread).checkpoints.some((one) => {
    if (one === recorded || one === parent || one.ns !== recorded.ns) return false;
    const isBeside = one.putStart <= span.end.step && one.putEnd >= span.start.step;
    return isBeside || (possible(one, span) && (!parent || one.id > parent.id));
  });
}

/** With `conflict: "reject"` no checkpoint has two that go on from it. */
function checkChain(
  world: World,
  recorded: RecordedCheckpoint,
  parent: RecordedCheckpoint | undefined,
  { end }: Span,
): void {
  const now: Span = { start: end, end };
  if (!parent || !world.model.mustSee(recorded, now)) return;
  const other = world.model
    .thread(recorded.thread)
    .checkpoints.find(
      (one) =>
        one !== recorded && one.ns === recorded.ns && one.parentId === parent.id && world.model.mustSee(one, now),
    );
  if (other) fail(`${show(recorded)} and ${show(other)} both went on from ${show(parent)}`);
}

/** A caller that heard of a failure makes the call again. */
export async function putAgain(world: World, thread: string): Promise<void> {
  const { model } = world;
  const prepared = (failed.get(world) ?? [])
    .filter(
      ({ recorded }) =>
        recorded.thread === thread &&
        recorded.dead === "no" &&
        recorded.mustGo === Infinity &&
        !model.thread(thread).deletedSince(recorded.putStart),
    )
    .at(-1);
  if (!prepared || prepared.recorded.sure < Infinity) return;
  prepared.recorded.putEnd = Infinity;
  model.thread(thread).lastStored = Infinity;
  await submit(world, prepared);
}
