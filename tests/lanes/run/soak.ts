import { inject } from "vitest";

const REPORT_MS = 30_000;

/** The longest that a test may take: as it says, or as long as a soak. */
export function soakTimeoutMs(usualMs: number): number {
  const { minutes } = inject("soak");
  return minutes === 0 ? usualMs : minutes * 60_000 + 600_000;
}

/** One test of a file as it soaks: for its share of the time, with a line for `scripts/soak.js` every 30 seconds. */
export class Soaking {
  // Not the clock that a test may have taken over.
  readonly #started = performance.now();
  readonly #endsMs: number;
  #reportedMs = 0;

  /**
   * @param tests how many tests of the file share the time
   * @param byCount whether it goes on for a number of runs, and not for a time
   */
  constructor(
    private readonly name: string,
    tests: number,
    private readonly byCount = false,
  ) {
    this.#endsMs = (inject("soak").minutes * 60_000) / tests;
  }

  /** False at once in `npm test`. */
  goesOn(): boolean {
    return performance.now() - this.#started < this.#endsMs;
  }

  /** Tells how far it is, if it is time to, or the test is at its end. */
  report(figures: object, isOver = !this.goesOn()): void {
    const ms = performance.now() - this.#started;
    if ((this.#endsMs === 0 && !this.byCount) || (ms - this.#reportedMs < REPORT_MS && !isOver)) return;
    this.#reportedMs = ms;
    const seconds = Math.round(ms / 1_000);
    console.log(`soak ${JSON.stringify({ test: this.name, seconds, isOver, ...figures })}`);
  }
}
