import type { CheckpointMetadata, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { RunnableConfig } from "@langchain/core/runnables";
import type { ThreadLease } from "langgraph-checkpoint-dynamodb";
import { canonical, text } from "../calls/contents.js";
import { collect } from "../calls/attempt.js";
import { LOG } from "../calls/plan.js";
import { fail } from "../model/shown.js";
import { judgeLoss, judgeRenewal, RunEnded } from "./lease-rules.js";
import { attempt, type LeaseWorld, type Process } from "./lease-world.js";
import type { Op, Trouble } from "./plan.js";
import type { RecordedPut, RecordedRun, RecordedTask } from "./records.js";

const LOST = ["LEASE_LOST", "MISSING_DATA"];

interface Place {
  at: RecordedPut | undefined;
  /** Whether that is the latest as far as the run knows. */
  isLatest: boolean;
  /** What was pending there when it was read, and what the run has written since. */
  pending: RecordedTask[];
  putting: Promise<void>;
}

/** Makes the calls that LangGraph makes for a run, each in its turn. */
export class Agent {
  readonly #places = new Map<string, Place>();
  #calls = 0;

  constructor(
    private readonly world: LeaseWorld,
    private readonly process: Process,
    private readonly run: RecordedRun,
    private readonly lease?: ThreadLease,
  ) {}

  async live(ops: Op[], trouble: Trouble | undefined): Promise<void> {
    try {
      for (const [i, op] of ops.entries()) {
        if (trouble?.op === i) this.#expect(trouble);
        if (!(await this.#do(op))) break;
      }
    } finally {
      // What was begun beside the rest.
      const all = await Promise.allSettled([...this.#places.values()].map(({ putting }) => putting));
      for (const one of all) if (one.status === "rejected") await Promise.reject(one.reason as Error);
    }
    if (trouble?.op === ops.length) this.#expect(trouble);
  }

  #expect(trouble: Trouble): void {
    this.world.expect(this.process, trouble, () => (this.run.silentMs = this.world.globals.nowMs));
  }

  #config(ns: string, id?: string): RunnableConfig {
    return {
      configurable: {
        thread_id: this.run.thread,
        checkpoint_ns: ns,
        ...(id !== undefined && { checkpoint_id: id }),
        ...this.lease?.configurable,
      },
    };
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    const result = await attempt(this.world, this.process, call, LOST);
    if (result.code !== undefined) {
      if (result.code === "LEASE_LOST") judgeLoss(this.world, this.run, result.metFaults);
      throw new RunEnded();
    }
    return result.value;
  }

  /** False when the run ends with it. */
  async #do(op: Op): Promise<boolean> {
    const { world, run } = this;
    switch (op.kind) {
      case "think":
        await new Promise((resolve) => setTimeout(resolve, op.seconds * 1_000));
        return true;
      case "renew":
        if (this.lease) await judgeRenewal(world, this.process, run, this.lease);
        return true;
      case "read": {
        const ns = world.plan.namespaces[op.ns]!;
        await this.#places.get(ns)?.putting;
        await this.#readLatest(ns);
        return true;
      }
      case "list": {
        const ns = world.plan.namespaces[op.ns]!;
        await this.#places.get(ns)?.putting;
        const start = world.moment();
        const tuples = await this.#call(() => collect(this.process.saver.list(this.#config(ns))));
        if (run.token > 0) world.judge.list(tuples, ns, run, start);
        return true;
      }
      case "step":
        return this.#step(op);
    }
  }

  async #readLatest(ns: string): Promise<{ put: RecordedPut | undefined; pending: RecordedTask[] }> {
    const { world, run } = this;
    const start = world.moment();
    const tuple = await this.#call(() => this.process.saver.getTuple(this.#config(ns)));
    const span = { start, end: world.moment() };
    const put = world.judge.latest(tuple, [run.thread, ns], run, span);
    return { put, pending: put ? pendingOf(world, tuple!) : [] };
  }

  async #step(op: Extract<Op, { kind: "step" }>): Promise<boolean> {
    const { world } = this;
    const root = this.#places.get("") ?? (await this.#enter(""));
    await root.putting;
    const ns = root.at ? world.plan.namespaces[op.ns]! : "";
    const place = this.#places.get(ns) ?? (await this.#enter(ns));
    if (op.fork !== undefined && place.at) await this.#fork(place, ns, op.fork);
    const { at } = place;
    const made: Promise<void>[] = [];
    for (let k = 0; at && k < op.tasks; k++) {
      const task = `task-${k}`;
      if (place.pending.some((one) => one.task === task && !one.isSpecial)) continue;
      if (op.interrupts && k === 0) made.push(this.#write(place, at, task, true));
      if (!op.async) await Promise.all(made);
      made.push(this.#write(place, at, task, false));
      if (!op.async) await Promise.all(made);
    }
    await settled(made);
    if (op.unfinished) return false;
    await place.putting;
    place.putting = this.#put(place, ns, root.at);
    // It is awaited before the next one, and at the end.
    place.putting.catch(() => undefined);
    if (!op.async) await place.putting;
    return true;
  }

  async #enter(ns: string): Promise<Place> {
    const { put, pending } = await this.#readLatest(ns);
    const place: Place = { at: put, isLatest: true, pending, putting: Promise.resolve() };
    this.#places.set(ns, place);
    return place;
  }

  /** Goes on from an ancestor. */
  async #fork(place: Place, ns: string, choice: number): Promise<void> {
    await place.putting;
    const line: RecordedPut[] = [];
    for (let at = place.at; at; at = at.parent) line.push(at);
    const put = line[Math.floor(choice * line.length)]!;
    const { world } = this;
    const start = world.moment();
    const tuple = await this.#call(() => this.process.saver.getTuple(this.#config(ns, put.id)));
    // It was pruned, or is superseded.
    if (!tuple) return;
    world.judge.known(tuple, put.thread, ns);
    world.judge.writes(tuple, put, this.run, { start, end: world.moment() });
    Object.assign(place, { at: put, isLatest: put === place.at && place.isLatest, pending: pendingOf(world, tuple) });
  }

  async #write(place: Place, put: RecordedPut, task: string, isSpecial: boolean): Promise<void> {
    const { world, run, process } = this;
    const mark = `${run.n}.${++this.#calls}`;
    const writes: [string, string][] = isSpecial
      ? [["__interrupt__", `ask ${mark}`]]
      : [
          [LOG, text(`log ${mark}`, mark.endsWith("1") ? 1_500 : 30)],
          ["n", `n ${mark}`],
        ];
    const recorded: RecordedTask = {
      ...{ put, task, run, isSpecial, start: world.moment().step, end: Infinity, isAcknowledged: false },
      shown: writes.map(([channel, value]) => canonical([task, channel, value])),
      claims: run.token > 0 && (place.isLatest || put.run.token === run.token),
      isUnsure: put.isUnsure || run.isUnsure || (world.model.deleting.get(run.thread) ?? 0) > 0,
    };
    world.model.tasks.push(recorded);
    for (const one of recorded.shown) world.model.byText.set(one, recorded);
    await this.#call(() => process.saver.putWrites(this.#config(put.ns, put.id), writes, task)).finally(
      () => (recorded.end = world.moment().step),
    );
    recorded.isAcknowledged = true;
    place.pending.push(recorded);
  }

  async #put(place: Place, ns: string, root: RecordedPut | undefined): Promise<void> {
    const { world, run, process } = this;
    const parent = place.at;
    const value = `put ${run.n}.${++this.#calls}`;
    const logs = applied(place.pending);
    const version = 1 + Math.max(0, ...Object.values(parent?.versions ?? {}));
    const newVersions: Record<string, number> = { n: version, ...(logs.length > 0 && { [LOG]: version }) };
    const versions = { ...parent?.versions, ...newVersions };
    const [updates, steps] = parent?.counters ?? [0, 0];
    const recorded: RecordedPut = {
      ...{ thread: run.thread, ns, id: world.nextId(process), parent, run, value, versions },
      ...{ start: world.moment().step, end: Infinity, isAcknowledged: false },
      isUnsure: (parent?.isUnsure ?? false) || run.isUnsure || (world.model.deleting.get(run.thread) ?? 0) > 0,
      tail: run.token > 0 ? [...(parent?.tail ?? []), ...logs] : [],
      counters: [updates + (logs.length > 0 ? 1 : 0), steps + 1],
    };
    world.model.puts.push(recorded);
    Object.assign(place, { at: recorded, isLatest: true, pending: [] });
    const checkpoint = {
      ...{ v: 4, id: recorded.id, ts: new Date().toISOString(), versions_seen: {} },
      channel_values: { n: value },
      channel_versions: versions,
    };
    const metadata = {
      ...{ source: "loop", step: steps, parents: ns === "" ? {} : { "": root!.id } },
      counters_since_delta_snapshot: { [LOG]: recorded.counters },
    } as unknown as CheckpointMetadata;
    await this.#call(() => process.saver.put(this.#config(ns, parent?.id), checkpoint, metadata, newVersions)).finally(
      () => (recorded.end = world.moment().step),
    );
    recorded.isAcknowledged = true;
  }
}

const pendingOf = (world: LeaseWorld, tuple: CheckpointTuple): RecordedTask[] => [
  ...new Set(
    (tuple.pendingWrites ?? []).map(
      (write) => world.model.byText.get(canonical(write)) ?? fail(`Nobody has written ${canonical(write)}`),
    ),
  ),
];

/** What a child's `DeltaChannel` gets, in LangGraph's order. */
const applied = (pending: RecordedTask[]): string[] =>
  pending
    .filter(({ isSpecial }) => !isSpecial)
    .sort((a, b) => (a.task < b.task ? -1 : 1))
    .map(({ shown }) => shown[0]!);

/** All of them, and then the first failure. */
async function settled(all: Promise<void>[]): Promise<void> {
  await Promise.allSettled(all);
  await Promise.all(all);
}
