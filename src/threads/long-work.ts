import { aborted, firstOf, unlessAborted } from "../aws/client/abort.js";
import { checkObject, optional } from "../checks.js";
import { invalidInput } from "../errors.js";
import type { Storage } from "../checkpoint/storage.js";

/**
 * What every method that takes long can be given beside its own options.
 *
 * @example
 * ```ts
 * const controller = new AbortController();
 * const freed = await checkpointer.prune({
 *   all: true,
 *   keepLast: 10,
 *   onProgress: ({ threadId, freed }) => console.log(threadId, freed.checkpoints),
 *   signal: controller.signal,
 * });
 * ```
 */
export interface LongWorkOptions<Progress> {
  /**
   * Called again and again with how far the work is, and awaited. What it throws ends the work, and the promise is
   * rejected with it; called again, the method goes on from what is stored.
   */
  onProgress?: ((progress: Progress) => unknown) | undefined;
  /**
   * Ends the work, and the request that is under way, with the error `ABORTED`. Called again, the method goes on from
   * what is stored.
   */
  signal?: AbortSignal | undefined;
}

/**
 * Does all of some work, which begins at once.
 *
 * @param own fires when the saver shall end
 * @param known the names of the options that the method has of its own
 * @param start gets a storage whose requests to the table end with either signal
 */
export async function longWork<Progress, Result>(
  storage: Storage,
  own: AbortSignal | undefined,
  options: LongWorkOptions<Progress> = {},
  known: readonly string[],
  start: (storage: Storage) => AsyncGenerator<Progress, Result, undefined>,
): Promise<Result> {
  checkObject("", options, [...known, "onProgress", "signal"], "{ signal }", invalidInput);
  const { onProgress, signal } = options;
  optional("onProgress", onProgress, "function", invalidInput);
  if (signal !== undefined && typeof signal?.addEventListener !== "function")
    throw invalidInput("signal must be an AbortSignal, for example new AbortController().signal.");
  const { stop, letGo } = firstOf(own, signal);
  const work = start({ ...storage, db: storage.db.until(stop.signal) });
  try {
    for (;;) {
      stop.signal.throwIfAborted();
      const { done, value } = await unlessAborted(stop.signal, work.next());
      if (done) return value;
      await onProgress?.(value);
    }
  } catch (error) {
    // Not awaited: where it waits for something that is not ours, it may wait for good.
    work.return(undefined as never).catch(() => undefined);
    throw stop.signal.aborted ? aborted(stop.signal) : error;
  } finally {
    letGo();
  }
}
