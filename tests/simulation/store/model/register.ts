import type { Moment } from "../../model/records.js";
import { explain } from "./explain.js";
import type { Config, Read, State, Write } from "./records.js";

/*
 * What may be under one key, judged when a history is over: whether the reads of it could have been what they are if
 * every write had taken effect at once, at one moment of its call. Of a write that failed nobody knows whether it takes
 * effect, nor when: it may until no request of it is good any more. But it never replaces what was acknowledged by a
 * call that began after its end.
 */

type Event =
  | { at: Moment; kind: "begin" | "end" | "late"; write: Write; read?: undefined }
  | { at: Moment; kind: "begin" | "end"; read: Read; write?: undefined };

const MOST_CONFIGS = 20_000;

export class Register {
  readonly writes: Write[] = [];
  readonly reads: Read[] = [];
  #ids = new Map<unknown, number>();

  constructor(
    /** Names the key in what is said. */
    readonly name: string,
    /** How far clocks may be apart, and how coarse they are. */
    readonly slackMs: number,
  ) {}

  /** Until when it lives for certain, as far as a read from `start` on can say. */
  livesMs({ ttlMs, start, refreshes }: Write, read: Moment): number {
    if (ttlMs === undefined) return Infinity;
    let lives = start.ms + ttlMs;
    // What has nine tenths of its life before it need not be renewed.
    for (const refresh of refreshes)
      if (refresh.isCertain && refresh.end.step <= read.step) lives = Math.max(lives, refresh.start.ms + 0.9 * ttlMs);
    return lives - this.slackMs;
  }

  /** From when on it has expired for certain. */
  endsMs({ ttlMs, end, refreshes }: Write, read: Moment): number {
    if (ttlMs === undefined) return Infinity;
    let ends = end.ms + ttlMs;
    for (const { start, end: refreshed } of refreshes)
      if (start.step <= read.step) ends = Math.max(ends, refreshed.ms + ttlMs);
    return ends + this.slackMs;
  }

  mustLive = (write: Write, from: Moment, end: Moment): boolean => end.ms < this.livesMs(write, from);
  mayLive = (write: Write, start: Moment, end: Moment): boolean => start.ms <= this.endsMs(write, end);

  /** Whether a read gives what it gives, in this state. */
  allows(state: State | undefined, read: Read): boolean {
    const { found } = read;
    if (!state) return !found;
    if (!found) return !this.mustLive(state.write, read.from, read.end) || read.mayMiss(state.write);
    return (
      found.write === state.write &&
      this.mayLive(state.write, read.start, read.end) &&
      this.#isOf(found.createdMs, state.created) &&
      this.#isOf(found.updatedMs, state.write)
    );
  }

  #isOf(timeMs: number | undefined, { start, end }: Write): boolean {
    return timeMs === undefined || (timeMs >= start.ms - this.slackMs && timeMs <= end.ms + this.slackMs);
  }

  /**
   * @returns what may be there now
   * @throws Violation for a read that nothing explains
   */
  check(): Config[] {
    let configs: Config[] = [{ state: undefined, open: [], reads: [] }];
    for (const event of this.#events()) {
      if (event.write) configs = this.#onWrite(configs, event.kind, event.write);
      else if (event.kind === "begin") {
        for (const config of configs) if (!this.allows(config.state, event.read)) config.reads.push(event.read);
      } else {
        if (configs.every(({ reads }) => !reads.includes(event.read))) continue;
        const all = this.#closure(configs);
        configs = all.filter(({ reads }) => !reads.includes(event.read));
        if (configs.length === 0) explain(this, event.read, all);
      }
    }
    return configs;
  }

  #onWrite(configs: Config[], kind: "begin" | "end" | "late", write: Write): Config[] {
    if (kind === "begin") {
      for (const { open } of configs) open.push(write);
      return configs;
    }
    const all = this.#closure(configs);
    if (kind === "end") return all.filter(({ open }) => !open.includes(write));
    return this.#distinct(all.map((config) => ({ ...config, open: config.open.filter((one) => one !== write) })));
  }

  #events(): Event[] {
    const events: Event[] = [];
    for (const write of this.writes) {
      if (write.outcome === "nothing") continue;
      events.push({ at: write.start, kind: "begin", write });
      if (write.outcome === "acknowledged") events.push({ at: write.end, kind: "end", write });
      else events.push({ at: { ms: write.untilMs, step: Infinity }, kind: "late", write });
    }
    for (const read of this.reads)
      events.push({ at: read.from, kind: "begin", read }, { at: read.end, kind: "end", read });
    const rank = (event: Event): number => (event.kind === "begin" ? 0 : 1);
    return events.sort((a, b) => a.at.ms - b.at.ms || a.at.step - b.at.step || rank(a) - rank(b));
  }

  /** All that can have become of it, in any order of what is under way. */
  #closure(configs: Config[]): Config[] {
    if (configs.every(({ open }) => open.length === 0)) return configs;
    const all = this.#distinct(configs);
    const known = new Set(all.map((config) => this.#keyOf(config)));
    for (let i = 0; i < all.length; i++) {
      for (const write of all[i]!.open) {
        for (const next of this.#after(all[i]!, write)) {
          const key = this.#keyOf(next);
          if (known.has(key)) continue;
          known.add(key);
          if (all.push(next) > MOST_CONFIGS) throw new Error(`${this.name}: too much may have happened to judge it`);
        }
      }
    }
    return all;
  }

  /** When a write takes effect. */
  #after({ state, open, reads }: Config, write: Write): Config[] {
    const left: Write[] = [];
    for (const other of open) {
      if (other === write) continue;
      // What was called before, and is under way still, need not be seen: a put then replaces what it was to delete.
      const isBefore = other.isOrdered && write.isOrdered && other.actor === write.actor && other.order < write.order;
      const isOver =
        write.outcome === "acknowledged" && other.outcome === "unknown" && other.end.step < write.start.step;
      if (!isBefore && !isOver) left.push(other);
    }
    return this.#statesAfter(state, write).map((next) => ({
      state: next,
      open: [...left],
      reads: reads.filter((read) => !this.allows(next, read)),
    }));
  }

  #statesAfter(state: State | undefined, write: Write): (State | undefined)[] {
    if (!write.value) return [undefined];
    const states: State[] = [];
    if (!state || !this.mustLive(state.write, write.start, write.end)) states.push({ write, created: write });
    if (state && this.mayLive(state.write, write.start, write.end)) states.push({ write, created: state.created });
    return states;
  }

  #distinct(configs: Config[]): Config[] {
    if (configs.length === 1) return [...configs];
    return [...new Map(configs.map((config) => [this.#keyOf(config), config])).values()];
  }

  #keyOf({ state, open, reads }: Config): string {
    const all = [state?.write, state?.created, "open", ...open, "reads", ...reads];
    return all.map((one) => this.#idOf(one)).join();
  }

  #idOf(one: unknown): number {
    let id = this.#ids.get(one);
    if (id === undefined) this.#ids.set(one, (id = this.#ids.size));
    return id;
  }
}
