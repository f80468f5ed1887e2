/** Follows only what is called synchronously. That is enough for `interrupt()` in front of a node's first `await`. */
export class AsyncLocalStorage {
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
}
