import {
  InMemoryStore,
  type Operation,
  type OperationResults,
  type SearchOperation,
} from "@langchain/langgraph-checkpoint";

/**
 * LangGraph's InMemoryStore without the defects that ours does not have, and as it is otherwise. What is mended:
 *
 * - A namespace stays listed when its last item is deleted, and so does one in which nothing was ever put.
 * - The vectors of a deleted item come back with the next item of that key, and those of a former value stay.
 * - In a search by meaning, items without a vector come on every page.
 * - What a read has given changes when a put of the same batch follows.
 *
 * One defect of checkpoint 1.1 is left: a search of `["a"]` finds `["ab"]`.
 */
export class MendedMemoryStore extends InMemoryStore {
  override async batch<Op extends readonly Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const inside = this as unknown as {
      data: Map<string, Map<string, unknown>>;
      vectors: Map<string, Map<string, unknown>>;
    };
    const puts = operations.filter((op) => "value" in op);
    // Reads of the same batch come first: they need the vectors, and a put changes what a read has given.
    const read: unknown[] = structuredClone(await this.#read(operations.filter((op) => !("value" in op))));
    for (const { namespace, key } of puts) inside.vectors.get(namespace.join(":"))?.delete(key);
    await super.batch(puts);
    for (const [namespace, items] of inside.data) if (items.size === 0) inside.data.delete(namespace);
    return operations.map((op) => ("value" in op ? null : read.shift())) as OperationResults<Op>;
  }

  /** Searches by meaning give all that they find, and are paged here. */
  async #read(reads: Operation[]): Promise<unknown[]> {
    const isByMeaning = (op: Operation): op is SearchOperation => "query" in op && Boolean(op.query);
    const all: unknown[] = await super.batch(
      reads.map((op) => (isByMeaning(op) ? { ...op, offset: 0, limit: 1_000_000 } : op)),
    );
    return reads.map((op, i) => {
      if (!isByMeaning(op)) return all[i];
      const { offset = 0, limit = 10 } = op;
      return (all[i] as unknown[]).slice(offset, offset + limit);
    });
  }
}
