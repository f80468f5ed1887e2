import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";

/**
 * LangGraph's `interrupt()` finds its run through `AsyncLocalStorage`, which a Worker without Node compatibility
 * does not have; there it throws "Called interrupt() outside the context of a graph".
 *
 * LangGraph starts every node function synchronously inside `run`, so a plain variable serves as well, on one
 * condition: a node calls `interrupt()` before its first `await`. Nothing else of this Worker reads the context,
 * and `run` restores it before any other code gets its turn, so two requests never see each other's.
 */
export class SynchronousContext {
  #current: unknown;

  getStore(): unknown {
    return this.#current;
  }

  run<T>(store: unknown, callback: () => T): T {
    const previous = this.#current;
    this.#current = store;
    try {
      return callback();
    } finally {
      this.#current = previous;
    }
  }

  enterWith(): void {
    // Would outlive the synchronous call, and so leak from one request into another.
  }
}

/** Once per isolate; a no-op where a real `AsyncLocalStorage` is already in place. */
export function installSynchronousContext(): void {
  AsyncLocalStorageProviderSingleton.initializeGlobalInstance(new SynchronousContext());
}
