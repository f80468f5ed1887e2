import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { Item } from "../../aws/dynamodb/items.js";
import type { FirstReads } from "../first-reads.js";
import { threadOf, type Thread } from "../refs.js";
import type { HeldLease, LeaseConfig, Storage } from "../storage.js";
import { LeaseLostError } from "./errors.js";
import { inTime } from "./in-time.js";
import { endLease, endUnborn, prolongLease } from "./own.js";

/** A renewal has so long at least, and a release: who gives that up keeps others waiting. */
const RENEWING_SECONDS = 2;
const RELEASING_SECONDS = 10;

/** A lease as its holder has it. */
export class Lease implements HeldLease {
  readonly #controller = new AbortController();
  #renewed: Instant | undefined;
  #renewal: Promise<void> | undefined;
  #lost: LeaseLostError | undefined;
  #isReleased = false;
  /** What stores something now. It is one holder's, so of one request of a Worker. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** Is given the marker as each renewal has found it. */
  onSeen: ((marker: Item) => void) | undefined;

  /** @param own when it was asked for, and granted by its own clock; unknown where another instance has acquired it */
  constructor(
    readonly storage: Storage,
    readonly threadId: string,
    readonly reads: FirstReads,
    readonly name: string,
    readonly seconds: number,
    private readonly own?: { asked: Instant; began: number },
  ) {
    this.#renewed = own?.asked;
  }

  get token(): number {
    return this.reads.token;
  }

  /** Fires when the lease turns out to have ended. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The error, once it has ended. */
  get hasEnded(): LeaseLostError | undefined {
    return this.#lost;
  }

  get config(): LeaseConfig {
    return { thread_id: this.threadId, token: this.token, name: this.name, seconds: this.seconds };
  }

  get renewedAt(): number {
    return this.#renewed?.wall ?? 0;
  }

  /** Seconds until somebody else may have the thread; 0 or less when it may. */
  get secondsLeft(): number {
    return this.#renewed ? this.seconds - secondsSince(this.#renewed) : 0;
  }

  /**
   * What is not answered by its end is given up. A third of its time there is always: a process that was busy renews
   * late, and a late renewal that is granted is right. Where another instance holds it, its end is not known here.
   */
  #limits(atLeast: number): { seconds: number | undefined } {
    return { seconds: this.own && Math.max(this.secondsLeft, this.seconds / 3, atLeast) };
  }

  /** Prolongs it. @throws LeaseLostError also where no answer came in time */
  async renew(): Promise<void> {
    // Those who ask meanwhile wait for the same answer; it is one holder's, so of one request of a Worker.
    this.#renewal ??= this.#renewNow().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  async #renewNow(): Promise<void> {
    if (this.#lost) throw this.#lost;
    const { storage, seconds } = this;
    const thread = await this.#thread();
    const sent = now();
    // The instance that has acquired it, and releases it, knows nothing of what is stored here.
    const isShared = this.own === undefined;
    const isSeen = await inTime(
      storage.db,
      { ...this.#limits(RENEWING_SECONDS), late: () => this.lost(NOT_IN_TIME) },
      async (db) => {
        const prolong = (until: number): Promise<number | undefined> =>
          prolongLease(db, thread, this, until, { ...this.#stored(), isShared }, this.onSeen);
        const wanted = Date.now() + seconds * 1_000;
        const until = await prolong(wanted);
        // Where the clock was set back: who waits has to see that this one lives.
        return until === wanted || (until !== undefined && (await prolong(until + 1)) !== undefined);
      },
    );
    if (!isSeen) throw this.lost();
    this.#renewed = sent;
  }

  /**
   * Does what stores something, while nobody else can have the thread. After a third of its time the lease is renewed
   * beside that; after all of it, before that.
   * @param ready what has to be done first, and sends nothing
   * @throws LeaseLostError
   */
  async during<T>(store: () => Promise<T>, ready?: Promise<unknown>): Promise<T> {
    ready?.catch(() => undefined);
    if (this.#lost) throw this.#lost;
    const storing = this.#during(store, ready);
    this.#underWay.add(storing);
    return storing.finally(() => this.#underWay.delete(storing));
  }

  async #during<T>(store: () => Promise<T>, ready: Promise<unknown> | undefined): Promise<T> {
    await ready;
    // Its release waits for this; whatever else has ended it, has.
    if (this.#lost && !this.#isReleased) throw this.#lost;
    if (this.secondsLeft <= 0) await this.renew();
    const isDue = !this.#lost && this.secondsLeft < (this.seconds * 2) / 3;
    const [result] = await Promise.all([store(), isDue && this.renewIfPossible()]);
    return result;
  }

  /** Where a request fails, there is time to try again. @throws LeaseLostError */
  async renewIfPossible(): Promise<void> {
    await this.renew().catch((error: unknown) => {
      if (error instanceof LeaseLostError) throw error;
    });
  }

  lost(reason = LOST, cause?: unknown): LeaseLostError {
    this.#lost ??= new LeaseLostError(this.threadId, reason, cause === undefined ? undefined : { cause });
    this.#controller.abort(this.#lost);
    return this.#lost;
  }

  /** What the marker is told of what was stored under it. */
  #stored(): { storedFrom?: number } {
    const { told } = this.reads;
    return typeof told === "object" ? { storedFrom: Math.min(told.storedFrom, this.own?.began ?? Date.now()) } : {};
  }

  #thread(): Promise<Thread> {
    return threadOf(this.storage, this.threadId);
  }

  /** Nothing more is stored under it, from what is being stored just now on. Nobody else has the thread yet. */
  async close(): Promise<void> {
    this.#isReleased ||= this.#lost === undefined;
    this.lost(RELEASED);
    await Promise.allSettled(this.#underWay);
  }

  /**
   * Frees the thread, after what is stored under it just now. False where another holder has it by now, or where it was
   * broken, or deleted. What takes longer than its time is given up, since it ends by itself.
   */
  release(): Promise<boolean> {
    return inTime(this.storage.db, this.#limits(RELEASING_SECONDS), (db) => this.#release(db));
  }

  async #release(db: DynamoDB): Promise<boolean> {
    const { storage } = this;
    await this.close();
    const thread = await this.#thread();
    const isUnborn = storage.incarnations.known(thread.id) === undefined;
    if (isUnborn && (await endUnborn(db, thread, this))) return true;
    // Somebody has only looked: then nothing of this lease is in the way of a search.
    const isEmpty = this.reads.told === "nothing" && this.reads.isFirstUnknown;
    const ended = await endLease(db, thread, this, { isEmpty, ...this.#stored() });
    // Of a thread that is gone, or never was, nothing can have been lost where nothing was stored.
    return ended === "released" || (ended === "no marker" && this.reads.told === "nothing");
  }
}

export const RELEASED = "it was released";

export const NOT_IN_TIME = "it could not be renewed in time";

/** Why a lease mostly ends before its run. */
export const LOST =
  "it was broken, or another holder has the thread since this one did not renew in time, or the thread was deleted";

/** A time by two clocks: one stands still while a machine sleeps, and the other can be set. */
interface Instant {
  wall: number;
  monotonic: number;
}

export const now = (): Instant => ({ wall: Date.now(), monotonic: performance.now() });

/** So long at most: a holder has to be sure of its lease. */
export const secondsSince = ({ wall, monotonic }: Instant): number =>
  Math.max(Date.now() - wall, performance.now() - monotonic) / 1_000;

/** So long at least: who waits has to be sure that the holder was silent, and a clock can be set. */
export const surelySince = ({ monotonic }: Instant): number => (performance.now() - monotonic) / 1_000;
