import { afterEach, beforeEach, vi } from "vitest";

/** The date in tests that use it: a whole second, at which it stands still until a test moves it. */
export interface StillDate {
  /** In seconds since 1970. */
  start: number;
  /** @param seconds from the start on */
  passTo: (seconds: number) => void;
}

export function useStillDate(): StillDate {
  const date: StillDate = { start: 0, passTo: (seconds) => void vi.setSystemTime((date.start + seconds) * 1_000) };
  beforeEach(() => {
    date.start = Math.ceil(Date.now() / 1_000);
    vi.useFakeTimers({ toFake: ["Date"], now: date.start * 1_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return date;
}
