import { sleep } from "./sleep.js";

/** A waiter that has not looked for this long is gone: its request was cancelled while it stood in line. */
const ABANDONED_AFTER_MS = 5_000;
const LOOK_AGAIN_MS = 2;

interface Place {
  inside: boolean;
  /** When this place is void unless its owner renews or releases it. */
  expiresAt: number;
}

/**
 * Lets at most `capacity` owners in at a time, first come, first served.
 *
 * Waiting is by looking again, not by a promise that another owner resolves: in Cloudflare Workers a promise
 * belongs to the request that made it, and a request that is cancelled never runs its `finally`. Plain data
 * with an expiry can be shared between requests and cannot be left locked.
 */
export class Semaphore {
  readonly #places: Place[] = [];

  constructor(
    private readonly capacity: number,
    /** A place inside is void after this long, in milliseconds. */
    private readonly maxStayMs: number,
  ) {}

  /** Takes the next place in line at once; `acquire` waits for its turn. */
  queue(): { acquire(signal?: AbortSignal): Promise<void>; release(): void } {
    const place: Place = { inside: false, expiresAt: Date.now() + ABANDONED_AFTER_MS };
    this.#places.push(place);
    return {
      acquire: async (signal) => {
        while (!this.#admit(place)) {
          const ahead = this.#places.indexOf(place) - this.capacity;
          // The longer the line, the more seldom one looks: a thousand waiters must not keep a core busy.
          await sleep(LOOK_AGAIN_MS * Math.min(50, 1 + ahead / this.capacity), signal);
        }
      },
      release: () => this.#remove(place),
    };
  }

  get empty(): boolean {
    return this.#places.length === 0;
  }

  #admit(place: Place): boolean {
    const now = Date.now();
    for (let i = this.#places.length - 1; i >= 0; i--) {
      if (this.#places[i]!.expiresAt < now && this.#places[i] !== place) this.#places.splice(i, 1);
    }
    let position = this.#places.indexOf(place);
    if (position < 0) position = this.#places.push(place) - 1; // expired while its owner slept
    place.inside = position < this.capacity;
    place.expiresAt = now + (place.inside ? this.maxStayMs : ABANDONED_AFTER_MS);
    return place.inside;
  }

  #remove(place: Place): void {
    const position = this.#places.indexOf(place);
    if (position >= 0) this.#places.splice(position, 1);
  }
}
