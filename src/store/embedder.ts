import type { IndexConfig } from "@langchain/langgraph-checkpoint";
import { invalidInput } from "../errors.js";
import { textPath, textsAt, type TextPath } from "./text-paths.js";

/** What is indexed, and how. */
export class Embedder {
  readonly dims: number;
  readonly #embeddings: IndexConfig["embeddings"];
  readonly #fields: TextPath[];

  constructor({ dims, embeddings, fields = ["$"] }: IndexConfig) {
    this.dims = dims;
    this.#embeddings = embeddings;
    this.#fields = fields.map(textPath);
  }

  /** The texts of a value that have to be embedded. */
  textsOf(value: unknown, index: false | string[] | null | undefined): string[] {
    if (index === false) return [];
    const paths = index?.map(textPath) ?? this.#fields;
    // A path counts once, and so does a text: its vector would be the same.
    return [...new Set(paths.flatMap(({ steps }) => textsAt(value, steps)))];
  }

  /** One call for all texts, each of them once. */
  async embedDocuments(texts: Iterable<string>): Promise<Map<string, Float32Array>> {
    const distinct = [...new Set(texts)];
    if (distinct.length === 0) return new Map();
    const vectors: unknown = await this.#embeddings.embedDocuments(distinct);
    if (!Array.isArray(vectors) || vectors.length !== distinct.length)
      throw invalidInput(
        `index.embeddings gave another number of vectors than the ${distinct.length} texts it was given.`,
      );
    return new Map(distinct.map((text, i) => [text, this.#checked(vectors[i])]));
  }

  async embedQuery(query: string): Promise<Float32Array> {
    return this.#checked(await this.#embeddings.embedQuery(query));
  }

  #checked(vector: unknown): Float32Array {
    const isVector = Array.isArray(vector) || vector instanceof Float32Array || vector instanceof Float64Array;
    if (isVector && vector.length === this.dims) {
      const numbers = Float32Array.from(vector, (number: unknown) => (typeof number === "number" ? number : NaN));
      if (numbers.every(Number.isFinite)) return numbers;
      throw invalidInput(
        "index.embeddings gave a vector in which not all are finite numbers that a Float32 can hold. Nothing can be " +
          "compared with it: check what the model was given, and what it says.",
      );
    }
    throw invalidInput(
      `index.dims is ${this.dims}, but index.embeddings gave ` +
        `${isVector ? `a vector of ${vector.length} numbers` : "something that is not a vector"}. Set index.dims ` +
        "to what the model gives.",
    );
  }
}
