/**
 * What one call may use up. It counts by what it calls, not by the clock or the garbage collector: so a run is the
 * same on every machine, and an endless loop ends.
 */
export class Limits {
  #parsed = 0;
  readonly #broken: RangeError[] = [];

  constructor(
    /** One array may have so many bytes. */
    private readonly maxBytes: number,
    /** So many headers and values may be parsed: every part of stored data goes through `JSON.parse`. */
    private readonly maxParsed: number,
  ) {}

  /**
   * Runs a call within these limits.
   * @throws RangeError that says which one was broken, whatever the call made of it
   */
  async during<T>(call: () => Promise<T>): Promise<T> {
    const { Uint8Array } = globalThis;
    const { parse } = JSON;
    const Counted: typeof Uint8Array = new Proxy(Uint8Array, {
      construct: (target, args: unknown[], newTarget) => {
        const [size] = args;
        if (typeof size === "number" && size > this.maxBytes)
          this.#break(`${size} bytes were allocated at once, over ${this.maxBytes}`);
        return Reflect.construct(target, args, newTarget === Counted ? target : newTarget) as object;
      },
    });
    this.#parsed = 0;
    this.#broken.length = 0;
    globalThis.Uint8Array = Counted;
    JSON.parse = (...args) => {
      if (++this.#parsed > this.maxParsed) this.#break(`JSON was parsed more than ${this.maxParsed} times`);
      return parse(...args) as unknown;
    };
    const running = (async () => call())();
    await running.catch(() => undefined);
    globalThis.Uint8Array = Uint8Array;
    JSON.parse = parse;
    for (const error of this.#broken) throw error;
    return running;
  }

  #break(what: string): never {
    const error = new RangeError(what);
    this.#broken.push(error);
    throw error;
  }
}
