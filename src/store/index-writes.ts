import type { Call } from "./entries/calls.js";
import type { VectorIndex } from "./vector-index.js";

/** What is being written of one item. */
interface UnderWay {
  /** The name of the last call. */
  call: string;
  /** Writes what that call wants. */
  send: () => Promise<void>;
  count: number;
}

/**
 * Writes to a vector index, which knows no conditions. Of several calls of one instance for one item, the last one
 * counts, as in the table: whose write may have come in between writes what the last one wants. Plain data, no promise.
 */
export class IndexWrites {
  readonly #underWay = new Map<string, UnderWay>();

  constructor(private readonly index: VectorIndex) {}

  /** @param vectors none: the item has none any more */
  async write(namespace: readonly string[], key: string, call: Call, vectors: Float32Array[]): Promise<void> {
    const id = JSON.stringify([namespace, key]);
    const send = (): Promise<void> =>
      vectors.length > 0 ? this.index.put([...namespace], key, vectors) : this.index.delete([...namespace], key);
    const all = this.#underWay.get(id) ?? { call: "", send, count: 0 };
    if (call.name < all.call) return;
    Object.assign(all, { call: call.name, send });
    this.#underWay.set(id, all);
    all.count++;
    try {
      for (let sent: unknown; sent !== all.send;) await (sent = all.send)();
    } finally {
      if (--all.count === 0) this.#underWay.delete(id);
    }
  }
}
