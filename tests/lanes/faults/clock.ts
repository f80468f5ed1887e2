import { afterEach, beforeEach, vi } from "vitest";
import { momentsForABody } from "../run/page.js";

const realSetTimeout = globalThis.setTimeout;

/**
 * Calls of WebCrypto under way. They take real time, more or less of it by the runtime, and the clock must wait for
 * them.
 */
let computing = 0;
const subtle = crypto.subtle as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
for (const name of ["digest", "importKey", "sign"]) {
  const call = subtle[name]!.bind(subtle);
  subtle[name] = (...args) => {
    computing++;
    return call(...args).finally(() => void computing--);
  };
}

/**
 * Time stands still in every test of this file, and moves when the test says so. Node's own `fetch` would stand
 * still with it, so these tests answer every request themselves.
 */
export function useFakeClock(): void {
  beforeEach(async () => {
    // Node sets a timer after a real request's end, for its connection: that one must not be ours to count.
    await moment();
    // A whole second, because HTTP dates have no fractions.
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: Math.ceil(Date.now() / 1_000) * 1_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Jitter takes the same share of every wait in this file: with 0 there is none unless the server asks for one. */
export function useJitter(share: number): void {
  beforeEach(() => {
    vi.spyOn(Math, "random").mockReturnValue(share);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
}

/** Waits, by the real clock, for something that the fake one does not drive. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await moment();
}

/** Lets everything else that is under way go on. */
export function moment(): Promise<void> {
  return new Promise((resolve) => realSetTimeout(resolve, 1));
}

/** Waits until every request that could be sent by now is. Signing many takes some runtimes longer than a moment. */
export async function allSigned(): Promise<void> {
  await moment();
  await until(() => computing === 0);
}

/**
 * Lets time pass until all of these calls have ended. The clock stands still while any of them works, and moves on as
 * soon as each waits for a timer: so what happens depends neither on the machine nor on what else it does.
 */
export async function passTime<T>(
  calls: Promise<T>[],
  { stepMs = 250, besides = [], busy = () => false }: PassTimeOptions = {},
): Promise<PromiseSettledResult<T>[]> {
  let underWay = 0;
  let left = calls.length;
  for (const call of [...calls, ...besides]) {
    underWay++;
    const ended = (): void => void underWay--;
    call.then(ended, ended);
  }
  for (const call of calls) {
    const ended = (): void => void left--;
    call.then(ended, ended);
  }
  const waiting = (): boolean => left === 0 || (computing === 0 && !busy() && vi.getTimerCount() >= underWay);
  const settled = async (): Promise<void> => {
    await until(waiting);
    for (let quiet = 0; quiet < momentsForABody && left > 0; quiet = waiting() ? quiet + 1 : 0) await moment();
  };
  for (await settled(); left > 0; await settled()) vi.advanceTimersByTime(stepMs);
  return Promise.allSettled(calls);
}

export interface PassTimeOptions {
  /** How coarse time is: as if the event loop came round so often. */
  stepMs?: number;
  /** Other calls under way, which need not end. */
  besides?: Promise<unknown>[];
  /** Whether something works of which a call does not know: then the clock stands still as well. */
  busy?: () => boolean;
}
