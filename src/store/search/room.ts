/** Bounds what is held at once, in bytes. Of one call alone: requests of a Worker share no promise. */
export class Room {
  readonly #waiting: { bytes: number; enter: () => void }[] = [];
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** Runs a task that holds so many bytes, as soon as there is room for them. Whoever came first goes first. */
  async during<T>(bytes: number, task: () => Promise<T>): Promise<T> {
    await new Promise<void>((enter) => {
      this.#waiting.push({ bytes, enter });
      this.#admit();
    });
    try {
      return await task();
    } finally {
      this.#free += bytes;
      this.#admit();
    }
  }

  #admit(): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.bytes <= this.#free) {
      const { bytes, enter } = this.#waiting.shift()!;
      this.#free -= bytes;
      enter();
    }
  }
}
