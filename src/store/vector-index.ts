/**
 * Where vectors are searched instead of in the table: for namespaces of more than some 10,000 vectors, which the store
 * reads and compares one by one. Give it as the option `vectorIndex`, beside `index`.
 *
 * The table stays the truth: a value is stored first and then indexed, and what the index finds is looked up in the
 * table, so an entry too much costs nothing but time. An item that is not in the index, because a process died between
 * the two, is found again once it is put again.
 *
 * @example
 * ```ts
 * const vectorIndex: VectorIndex = {
 *   put: (namespace, key, vectors) =>
 *     myService.upsert({ id: JSON.stringify([namespace, key]), namespace, key, vectors }),
 *   delete: (namespace, key) => myService.remove(JSON.stringify([namespace, key])),
 *   search: (namespacePrefix, query, limit) => myService.nearest({ namespacePrefix, query, limit }),
 * };
 * ```
 */
export interface VectorIndex {
  /** Takes the place of all vectors that the item had. At least one vector, each of `index.dims` numbers. */
  put(namespace: string[], key: string, vectors: Float32Array[]): Promise<void>;
  /** Removes the item's vectors, if it has any. */
  delete(namespace: string[], key: string): Promise<void>;
  /**
   * The items whose best vector is nearest to the query, best first and each once, in namespaces that begin with the
   * prefix: `limit` of them, or all there are. The store asks again with a larger `limit` where a filter leaves too
   * few.
   */
  search(namespacePrefix: string[], query: Float32Array, limit: number): Promise<VectorMatch[]>;
}

/** An item that a {@link VectorIndex} has found. */
export interface VectorMatch {
  /** Of the item that the vector belongs to. */
  namespace: string[];
  /** Of that item. */
  key: string;
  /** Cosine similarity: 1 for the same direction, -1 for the opposite. */
  score: number;
}
