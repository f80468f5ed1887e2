import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { judgeWrites } from "./judge-writes.js";
import { ackOf, bodyOf, Violation, type PutRecord, type Span, type ThreadRecord } from "./record.js";
import { DELTA, same, type Values } from "./values.js";

/*
 * Compares what a reader found with what was put. A checkpoint is there whole or not at all; it must be there if its
 * put was acknowledged before the reader began, and no deletion can have come between; it must not be there if it was
 * deleted before.
 */

export class Judge {
  /** How many checkpoints were compared. */
  compared = 0;

  constructor(
    private readonly thread: ThreadRecord,
    private readonly values: Values,
  ) {}

  /** A read of a namespace's latest checkpoint. */
  latest(tuple: CheckpointTuple | undefined, ns: string, read: Span): PutRecord | undefined {
    const found = tuple && this.#tuple(tuple, read);
    if (found && found.ns !== ns)
      this.#fail(`The latest checkpoint of namespace "${ns}" is ${found.id}, of namespace "${found.ns}".`);
    for (const put of this.thread.puts.values()) {
      if (put.ns === ns && (!found || put.id > found.id) && this.mustBeThere(put, read)) {
        this.#fail(
          `The latest checkpoint was ${found?.id ?? "none"}, although ${put.id} was acknowledged, or read, ` +
            `before. Read ${spanOf(read)}.`,
        );
      }
    }
    // Of the root namespace the reader has seen the thread's marker, too.
    if (found && ns === "" && (found.seen?.invoked ?? 0) < read.invoked) found.seen = read;
    return found;
  }

  one(tuple: CheckpointTuple | undefined, put: PutRecord, read: Span): boolean {
    if (tuple && this.#tuple(tuple, read) !== put) this.#fail(`Asked for ${put.id}, got ${tuple.checkpoint.id}.`);
    if (!tuple && this.mustBeThere(put, read))
      this.#fail(`${put.id} is not there, although it was acknowledged, or read, before. Read ${spanOf(read)}.`);
    return tuple !== undefined;
  }

  list(
    tuples: CheckpointTuple[],
    { ns, limit = Infinity, before }: { ns?: string | undefined; limit?: number; before?: string | undefined },
    read: Span,
  ): PutRecord[] {
    const found = tuples.map((tuple) => this.#tuple(tuple, read));
    const there = new Set(found);
    if (there.size < found.length || found.length > limit)
      this.#fail(`A list of ${limit} has ${found.length} entries, ${there.size} different ones.`);
    const last = new Map<string, string>();
    for (const put of found) {
      const wanted = (ns === undefined || put.ns === ns) && (before === undefined || put.id < before);
      if (!wanted || put.id >= (last.get(put.ns) ?? "~"))
        this.#fail(`${put.id} of namespace "${put.ns}" is in the wrong place of a list.`);
      last.set(put.ns, put.id);
    }
    for (const put of this.thread.puts.values()) {
      const wanted = (ns === undefined || put.ns === ns) && (before === undefined || put.id < before);
      const end = found.length >= limit ? found.at(-1)! : undefined;
      const isBeyond = end && (put.ns === end.ns ? put.id < end.id : !last.has(put.ns));
      if (wanted && !isBeyond && !there.has(put) && this.mustBeThere(put, read))
        this.#fail(`${put.id} is not listed, although it was acknowledged, or read, before. Read ${spanOf(read)}.`);
    }
    return found;
  }

  /** What a `DeltaChannel` is rebuilt from: all of it, or nothing of a thread that was deleted. */
  history(
    { seed, writes }: { seed?: unknown; writes: (readonly [string, string, unknown])[] },
    put: PutRecord,
    read: Span,
  ): void {
    if (this.#isCutOff(put)) return;
    this.compared++;
    const found = [...((seed as { value: string[] } | undefined)?.value ?? []), ...writes.map(([, , value]) => value)];
    if (same(found, put.delta)) return;
    if (found.length === 0 && !this.mustBeThere(put, read)) return;
    this.#fail(
      `The DeltaChannel of ${put.id} is rebuilt from ${found.length} writes, not ${put.delta.length}, or from ` +
        `others. Read ${spanOf(read)}.`,
    );
  }

  /**
   * A put that was refused because its parent is not the latest checkpoint: another put must have had a part in that.
   */
  conflict(put: PutRecord, refused: Span): void {
    const line = new Set([put]);
    for (let at = put.parent; at; at = at.parent) line.add(at);
    const others = [...this.thread.puts.values()].filter((other) => other.ns === put.ns && !line.has(other));
    const isUntouched = put.parent
      ? this.mustBeThere(put.parent, refused)
      : !this.thread.deletedBetween(0, refused.ended);
    if (others.length === 0 && isUntouched) this.#fail(`${put.id} was refused, and nobody else has put anything.`);
  }

  /** Where conflicts are refused, a namespace has no branches. */
  line(read: Span): void {
    const parents = new Map<string, PutRecord>();
    for (const put of this.thread.puts.values()) {
      if (!this.mustBeThere(put, read)) continue;
      const place = `${put.ns} ${put.parent?.id ?? ""}`;
      const other = parents.get(place);
      if (other) this.#fail(`${put.id} and ${other.id} have the same parent, and both were acknowledged.`);
      parents.set(place, put);
    }
  }

  /** As {@link mustBeThere}, with all that it is rebuilt from. */
  mustBeWhole(put: PutRecord, read: Span): boolean {
    return this.mustBeThere(put, read) && !this.#isCutOff(put);
  }

  mustBeThere(put: PutRecord, read: Span): boolean {
    const ack = ackOf(put);
    const known = (ack && ack.ended < read.invoked) || (put.seen && put.seen.ended < read.invoked);
    return known === true && !this.thread.deletedBetween(this.thread.aliveAt(put), read.ended);
  }

  /**
   * Whether a checkpoint with a `DeltaChannel` may have been put without its parent, by an instance that did not know
   * it any more. It holds what it was given, which does not include that channel. The saver cannot tell a parent that
   * was deleted from one that was never stored, which is what LangGraph names with the durability "exit".
   */
  #isCutOff(put: PutRecord): boolean {
    for (let at = put; at.parent; at = at.parent) {
      if (at.metadata.counters_since_delta_snapshot === undefined && !at.contents.has(DELTA)) return false;
      if (this.thread.deletedBetween(this.thread.aliveAt(at.parent), at.attempts.at(-1)!.ended)) return true;
    }
    return false;
  }

  /** Whatever a reader finds is exactly what was put. */
  #tuple({ config, checkpoint, metadata, parentConfig, pendingWrites }: CheckpointTuple, read: Span): PutRecord {
    this.compared++;
    const put = this.thread.puts.get(checkpoint.id);
    if (!put) this.#fail(`${checkpoint.id} was never put here.`);
    const { channel_values, ...body } = checkpoint;
    const { threadId } = this.thread;
    const where = (id: string): object => ({
      configurable: { thread_id: threadId, checkpoint_ns: put.ns, checkpoint_id: id },
    });
    if (!same(config, where(put.id)) || !same(parentConfig, put.parent && where(put.parent.id)))
      this.#fail(`${put.id} has another config or parent: ${JSON.stringify([config, parentConfig])}`);
    if (!same(body, bodyOf(put)) || !same(metadata, put.metadata))
      this.#fail(`${put.id} has another body or metadata: ${JSON.stringify([body, metadata])}`);
    const isCutOff = this.#isCutOff(put);
    const [found, expected] = [Object.keys(channel_values), [...put.contents.keys()]].map((names) =>
      names.filter((name) => name !== DELTA || !isCutOff).toSorted(),
    );
    if (!same(found, expected)) this.#fail(`${put.id} has the channels ${found!.join()}, not ${expected!.join()}.`);
    for (const name of expected!) {
      const [value, content] = [channel_values[name], put.contents.get(name)!];
      if (!same(content.kind === "snapshot" ? (value as { value: unknown }).value : value, this.values.of(content))) {
        this.#fail(
          `Channel ${name} of ${put.id} is not what was put: ${JSON.stringify(content)} became ` +
            `${String(JSON.stringify(value)).slice(0, 500)}`,
        );
      }
    }
    if (this.thread.deletedSince(put.attempts.at(-1)!.ended, read.invoked))
      this.#fail(`${put.id} was deleted, and is there again. Read ${spanOf(read)}.`);
    if (put.attempts.every(({ refused }) => refused)) this.#fail(`${put.id} was refused, and is there.`);
    judgeWrites(this.thread, put, pendingWrites ?? [], read);
    return put;
  }

  #fail(what: string): never {
    throw new Violation(this.thread, what);
  }
}

export const spanOf = ({ invoked, ended }: Span): string => `${invoked}..${ended}`;
