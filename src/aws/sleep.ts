import { DynamoDBSaverError } from "../errors.js";

/** Waits `ms` milliseconds, or rejects with `ABORTED` as soon as `signal` fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(aborted(signal!));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The error a caller gets for its own abort; the signal's reason is the cause. */
export function aborted(signal: AbortSignal): DynamoDBSaverError {
  return new DynamoDBSaverError("ABORTED", "The operation was aborted by its signal.", { cause: signal.reason });
}
