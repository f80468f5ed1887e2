import type { IndexConfig } from "@langchain/langgraph-checkpoint";
import { invalidInput, unreadable, type DynamoDBSaverError } from "../errors.js";
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

  /**
   * The texts of a value that have to be embedded.
   *
   * @param place what the value is called in an error
   * @throws DynamoDBSaverError `INVALID_INPUT`
   */
  textsOf(value: unknown, index: false | string[] | null | undefined, place: string): string[] {
    if (index === false) return [];
    // A path counts once, and so does a text: its vector would be the same.
    const texts = new Set<string>();
    const paths = index?.map(textPath) ?? this.#fields;
    for (const { path, steps } of paths) {
      try {
        for (const text of textsAt(value, steps)) texts.add(text);
      } catch (error) {
        throw unreadable(`The index path ${JSON.stringify(path)} of a value (${place})`, error);
      }
    }
    return [...texts];
  }

  /** One call for all texts, each of them once. A text whose vector is none has an error in its place. */
  async embedDocuments(texts: Iterable<string>): Promise<Map<string, Float32Array | DynamoDBSaverError>> {
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
    const vector = this.#checked(await this.#embeddings.embedQuery(query));
    if (vector instanceof Float32Array) return vector;
    throw vector;
  }

  #checked(vector: unknown): Float32Array | DynamoDBSaverError {
    const isVector = Array.isArray(vector) || vector instanceof Float32Array || vector instanceof Float64Array;
    if (isVector && vector.length === this.dims) {
      const numbers = Float32Array.from(vector, (number: unknown) => (typeof number === "number" ? number : NaN));
      if (numbers.every(Number.isFinite)) return numbers;
      return invalidInput(
        "index.embeddings gave a vector in which not all are finite numbers that a Float32 can hold. Nothing can be " +
          "compared with it: check what the model was given, and what it says.",
      );
    }
    return invalidInput(
      `index.dims is ${this.dims}, but index.embeddings gave ` +
        `${isVector ? `a vector of ${vector.length} numbers` : "something that is not a vector"}. Set index.dims ` +
        "to what the model gives.",
    );
  }
}
