import type { CheckpointTuple, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { canonical } from "../calls/contents.js";
import { compareWrites, expectedWrites, type ExpectedWrite } from "./expect-writes.js";
import type { Model } from "./model.js";
import { inherited, inheritsLog } from "./log-channel.js";
import { LOG } from "../calls/plan.js";
import { possible, type RecordedCheckpoint, type Span } from "./records.js";
import {
  bodyOf,
  difference,
  fail,
  idsOf,
  logOf,
  short,
  show,
  Violation,
  whyGone,
  whyThere,
  type Ids,
} from "./shown.js";

/** Judges what was read against what the model knows. */
export class Judge {
  constructor(private readonly model: Model) {}

  /**
   * The checkpoint that was read, in whatever way; `undefined` for one of a copy whose call has not ended, of which
   * nothing is recorded yet.
   */
  tuple(tuple: CheckpointTuple, read: Span): RecordedCheckpoint | undefined {
    const ids = idsOf(tuple);
    const thread = this.model.thread(ids.thread);
    const all = thread.all(ids.ns, ids.id);
    // A batch of a copy has no conditions: one that arrives late brings back what was removed from the copy since.
    const isBack = (one: RecordedCheckpoint): boolean =>
      one.group !== undefined && one.dead === "no" && this.model.hasLateArrivals();
    const may = all.filter((one) => possible(one, read) || read.stale?.(one) || isBack(one));
    if (may.length === 0 && thread.isBeingRestored()) return undefined;
    if (may.length === 0)
      throw new Violation(`${show(ids)} is read, ${all.length === 0 ? "and was never put" : whyGone(all, read)}`);
    const body = bodyOf(tuple.checkpoint);
    const found =
      may.find((one) => one.body === body) ??
      fail(`${show(ids)} is not as it was put: ${difference(may[0]!.body, body)}`);
    if (canonical(tuple.metadata) !== found.metadata)
      fail(`${show(ids)} has other metadata: ${difference(found.metadata, canonical(tuple.metadata))}`);
    this.#log(found, logOf(tuple.checkpoint.channel_values), ids);
    this.#parent(found, tuple, read);
    const writes = this.#writes(found, read, () => false);
    // A read of several pages can meet a checkpoint that is being removed before its end, and its writes after theirs.
    const wrong = compareWrites(
      this.model.mayGo(found, read) ? writes.map((write) => ({ ...write, must: false })) : writes,
      (tuple.pendingWrites ?? []).map((write) => canonical(write)),
    );
    if (wrong) fail(`${show(ids)} ${wrong}`);
    return found;
  }

  #log(found: RecordedCheckpoint, log: string | undefined, ids: Ids): void {
    if (log === found.log) return;
    // One that has not changed since may be taken over from the parent's.
    if (found.log !== undefined || (log !== undefined && log !== inherited(found)?.log))
      fail(`${show(ids)} has another ${LOG}: ${difference(found.log ?? "none", log ?? "none")}`);
  }

  #parent(found: RecordedCheckpoint, { parentConfig }: CheckpointTuple, read: Span): void {
    const id = parentConfig?.configurable?.checkpoint_id as string | undefined;
    if (id === found.parentId) return;
    const parents = this.model.thread(found.thread).all(found.ns, found.parentId ?? "");
    // A parent that came later may have been taken for one that was pruned.
    if (id !== undefined || parents.some((one) => one.sure <= found.from && this.model.mustSee(one, read)))
      fail(`${show(found)} has the parent ${id}, not ${found.parentId}`);
  }

  #writes(
    { thread, ns, id }: RecordedCheckpoint,
    read: Span,
    lasts: Parameters<typeof expectedWrites>[2],
  ): ExpectedWrite[] {
    const { removals } = this.model;
    return expectedWrites(this.model.thread(thread).writesOf(ns, id), read, lasts, (one) => removals.touchWrites(one));
  }

  byId(tuple: CheckpointTuple | undefined, ids: Ids, read: Span): RecordedCheckpoint | undefined {
    if (tuple) {
      if (show(idsOf(tuple)) !== show(ids)) fail(`${show(ids)} was asked for, and ${show(idsOf(tuple))} given`);
      return this.tuple(tuple, read);
    }
    const must = this.model
      .thread(ids.thread)
      .all(ids.ns, ids.id)
      .find((one) => this.model.mustSee(one, read));
    if (must) fail(`${show(ids)} is not there by its id, ${whyThere(must)}`);
    return undefined;
  }

  latest(
    tuple: CheckpointTuple | undefined,
    { thread, ns }: Omit<Ids, "id">,
    read: Span,
  ): RecordedCheckpoint | undefined {
    const newest = this.model
      .thread(thread)
      .checkpoints.filter((one) => one.ns === ns && this.model.mustSee(one, read))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .at(-1);
    if (!tuple) {
      if (newest) fail(`There is no latest checkpoint, and it should be ${show(newest)}, ${whyThere(newest)}`);
      return undefined;
    }
    const ids = idsOf(tuple);
    if (ids.thread !== thread || ids.ns !== ns) fail(`The latest of ${thread} ${ns} is ${show(ids)}`);
    if (newest && ids.id < newest.id)
      fail(`The latest checkpoint is ${show(ids)}, and should be ${show(newest)}, ${whyThere(newest)}`);
    return this.tuple(tuple, read);
  }

  /** A list of checkpoints. `wanted`: which of all belong into it. */
  list(
    tuples: CheckpointTuple[],
    wanted: (checkpoint: RecordedCheckpoint) => boolean,
    limit: number | undefined,
    read: Span,
    latestOnly: boolean,
  ): void {
    const seen = new Set<string>();
    const last = new Map<string, string>();
    for (const tuple of tuples) {
      const found = this.tuple(tuple, read);
      if (!found) continue;
      if (!wanted(found)) fail(`${show(found)} is in a list that it does not belong to`);
      const [key, place] = [canonical([found.thread, found.ns, found.id]), canonical([found.thread, found.ns])];
      if (seen.has(key)) fail(`${show(found)} is listed twice`);
      if (last.has(place) && last.get(place)! < found.id) fail(`${show(found)} comes after an older one in a list`);
      seen.add(key);
      last.set(place, found.id);
    }
    if (limit !== undefined && tuples.length > limit)
      fail(`A list has ${tuples.length} checkpoints, and its limit is ${limit}`);
    const isFull = limit !== undefined && tuples.length === limit;
    for (const { checkpoints } of this.model.threads.values()) {
      for (const one of checkpoints) {
        if (seen.has(canonical([one.thread, one.ns, one.id])) || !wanted(one) || !this.model.mustSee(one, read))
          continue;
        const after = last.get(canonical([one.thread, one.ns]));
        // An instance that keeps the latest only may show no others.
        if (
          latestOnly &&
          checkpoints.some((other) => other.ns === one.ns && other.id > one.id && possible(other, read))
        )
          continue;
        if (!isFull || (after !== undefined && one.id > after)) fail(`${show(one)} is not in a list, ${whyThere(one)}`);
      }
    }
  }

  /** What a `DeltaChannel` is rebuilt from. */
  history(result: DeltaChannelHistory | Error, target: RecordedCheckpoint, read: Span): void {
    if (target.versions[LOG] === undefined || target.log !== undefined) return;
    const ancestors: RecordedCheckpoint[] = [];
    let weak = target.weak;
    let below = target;
    const needed: (RecordedCheckpoint | undefined)[] = [];
    let inherits = inheritsLog(target);
    // LangGraph does not ask where it has the channel in full.
    weak ||= inherits;
    for (let at = target.chain; at; at = at.chain) {
      ancestors.unshift(at);
      // Before one that has taken the channel over, or has no such channel, is nothing but what later forks have
      // written.
      needed.unshift(inherits ? undefined : below);
      if (at.log !== undefined) break;
      inherits ||= inheritsLog(at) || at.versions[LOG] === undefined;
      weak ||= at.weak;
      below = at;
    }
    if (result instanceof Error) {
      if ((result as { code?: string }).code !== "MISSING_DATA" || !weak)
        fail(`The history of ${show(target)} is refused: ${result.message}`);
      return;
    }
    const seed = ancestors[0]?.log;
    const given =
      result.seed === undefined ? undefined : canonical((result.seed as { value?: unknown }).value ?? result.seed);
    if (given !== seed)
      fail(`The history of ${show(target)} starts from ${short(given ?? "nothing")}, not ${short(seed ?? "nothing")}`);
    // What the next checkpoint was put on, and was there, must last as long as that does.
    const expected = ancestors.flatMap((one, i) => {
      const child = needed[i];
      const writes = this.#writes(
        one,
        read,
        ({ end, livesMs }) =>
          child !== undefined && one.sure <= child.putStart && end <= child.putStart && livesMs > child.madeMs,
      );
      return child ? writes : writes.map((write) => ({ ...write, must: false }));
    });
    const wrong = compareWrites(
      expected,
      result.writes.map((write) => canonical(write)),
      LOG,
    );
    if (wrong) fail(`The history of ${show(target)} ${wrong}`);
  }

  threads(ids: string[], read: Span): void {
    for (let i = 1; i < ids.length; i++)
      if (!(Buffer.compare(Buffer.from(ids[i - 1]!), Buffer.from(ids[i]!)) < 0))
        fail(`Threads are listed out of order: ${ids.join()}`);
    for (const { id, checkpoints } of this.model.threads.values()) {
      const must = checkpoints.find((one) => this.model.mustSee(one, read));
      if (must && !ids.includes(id)) fail(`Thread ${JSON.stringify(id)} is not listed, and has ${show(must)}`);
    }
    for (const id of ids)
      if (!this.model.threads.has(id)) fail(`Thread ${JSON.stringify(id)} is listed, and never was`);
  }
}
