import { sleep } from "./sleep.js";

/** Whoever works for longer, or was cancelled with the Worker's request it belonged to, is no longer waited for. */
const WAITED_FOR_MS = 5_000;
const LOOK_AGAIN_MS = 5;

/**
 * Of several callers at once, one does the work and all get its result, good or bad.
 *
 * The others wait by looking again, not by its promise: in Cloudflare Workers a promise belongs to the request that
 * made it. The result is plain data.
 */
export function singleFlight<T>(work: () => Promise<T>, signal?: AbortSignal): () => Promise<T> {
  let turn = 0;
  let workingUntil = 0;
  let last: { turn: number; result: PromiseSettledResult<T> } | undefined;

  return async () => {
    const arrived = turn;
    const working = Date.now() < workingUntil;
    while (Date.now() < workingUntil) await sleep(LOOK_AGAIN_MS, signal);
    if (!working || !last || last.turn < arrived) {
      const mine = ++turn;
      workingUntil = Date.now() + WAITED_FOR_MS;
      const [result] = await Promise.allSettled([Promise.resolve().then(work)]);
      if (mine === turn) workingUntil = 0;
      if (mine >= (last?.turn ?? 0)) last = { turn: mine, result };
      return given(result);
    }
    return given(last.result);
  };
}

function given<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "fulfilled") return result.value;
  throw result.reason;
}
