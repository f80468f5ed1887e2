import { afterEach, beforeEach, vi } from "vitest";

const realSetTimeout = globalThis.setTimeout;

/**
 * Time stands still in every test of this file, and moves when the test says so. Node's own `fetch` would stand
 * still with it, so these tests answer every request themselves.
 */
export function useFakeClock(): void {
  beforeEach(() => {
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
