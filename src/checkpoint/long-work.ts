/**
 * Work that takes long. `await` does it and gives its result; `for await` does it too, and tells how far it is. It starts when
 * it is awaited or iterated, and stops when the loop is left: called again, it goes on from what is stored.
 *
 * @example
 * ```ts
 * const freed = await checkpointer.prune({ threadIds: ["1"] });
 * for await (const { threadId, freed } of checkpointer.prune({ all: true })) console.log(threadId, freed.checkpoints);
 * ```
 */
export class LongWork<Progress, Result> implements PromiseLike<Result>, AsyncIterable<Progress> {
  readonly #start: () => AsyncGenerator<Progress, Result, undefined>;
  #result: Promise<Result> | undefined;

  /** @internal */
  constructor(start: () => AsyncGenerator<Progress, Result, undefined>) {
    this.#start = start;
  }

  /** Does all of it, once however often it is awaited, and gives its result. */
  then<A = Result, B = never>(onDone?: ((result: Result) => A | PromiseLike<A>) | null, onFailed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
    this.#result ??= lastOf(this.#start());
    return this.#result.then(onDone, onFailed);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Progress, Result, undefined> {
    return this.#start();
  }
}

async function lastOf<Result>(work: AsyncGenerator<unknown, Result, undefined>): Promise<Result> {
  for (;;) {
    const { done, value } = await work.next();
    if (done) return value;
  }
}
