import { DynamoDBSaverError } from "../../errors.js";

/** Node warns of a leak when a signal has more than 10 listeners, so each signal has one for all that wait for it. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `listener` when `signal` fires. Returns what takes the listener off again. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => undefined;
  const listeners = waiting.get(signal) ?? new Set();
  if (listeners.size === 0) {
    waiting.set(signal, listeners);
    signal.addEventListener("abort", callAll);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) signal.removeEventListener("abort", callAll);
  };
}

function callAll(this: AbortSignal): void {
  for (const listener of [...(waiting.get(this) ?? [])]) listener();
}

/** What fires with the first of some signals. `letGo` takes its listeners off again. */
export function firstOf(...signals: (AbortSignal | undefined)[]): { stop: AbortController; letGo: () => void } {
  const stop = new AbortController();
  const listening = signals.map((one) => {
    if (one?.aborted) stop.abort(one.reason);
    return onAbort(one, () => stop.abort(one!.reason));
  });
  return {
    stop,
    letGo() {
      for (const stopListening of listening) stopListening();
    },
  };
}

/** What `work` gives, unless `signal` fires first: its reason is thrown then, and `work` is left to itself. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  let stopListening = (): void => undefined;
  const gaveUp = new Promise<never>((_, reject) => {
    if (signal?.aborted) reject(signal.reason as Error);
    stopListening = onAbort(signal, () => reject(signal!.reason as Error));
  });
  try {
    return await Promise.race([work, gaveUp]);
  } finally {
    stopListening();
  }
}

/** The error a caller gets for its own abort; the signal's reason is the cause. */
export function aborted(signal: AbortSignal): DynamoDBSaverError {
  return new DynamoDBSaverError("ABORTED", "The operation was aborted by its signal.", { cause: signal.reason });
}
