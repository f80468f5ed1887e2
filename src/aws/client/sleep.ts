import { aborted, onAbort } from "./abort.js";

/** Waits `ms` milliseconds, or rejects with `ABORTED` as soon as `signal` fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const stopListening = onAbort(signal, () => {
      clearTimeout(timer);
      stopListening();
      reject(aborted(signal!));
    });
    const timer = setTimeout(() => {
      stopListening();
      resolve();
    }, ms);
  });
}
