import type { VectorIndex, VectorMatch } from "langgraph-checkpoint-dynamodb";

/** A vector index that compares all vectors there are, in memory: what the interface asks for, and no more. */
export class ListVectorIndex implements VectorIndex {
  readonly #items = new Map<string, { namespace: string[]; key: string; vectors: Float32Array[] }>();

  async put(namespace: string[], key: string, vectors: Float32Array[]): Promise<void> {
    this.#items.set(JSON.stringify([namespace, key]), { namespace, key, vectors });
  }

  async delete(namespace: string[], key: string): Promise<void> {
    this.#items.delete(JSON.stringify([namespace, key]));
  }

  async search(prefix: string[], query: Float32Array, limit: number): Promise<VectorMatch[]> {
    return [...this.#items.values()]
      .filter(({ namespace }) => prefix.every((label, i) => namespace[i] === label))
      .map(({ namespace, key, vectors }) => ({
        namespace,
        key,
        score: Math.max(...vectors.map((vector) => cosine(query, vector))),
      }))
      .sort((a, b) => b.score - a.score)
      .slice(0, limit);
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, number, i) => sum + number * y[i]!, 0);
  const magnitudes = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
  return magnitudes > 0 ? dot(a, b) / magnitudes : 0;
}
