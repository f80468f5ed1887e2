import { Embeddings } from "@langchain/core/embeddings";

/** How often each of so many letters stands in a text: small whole numbers, which a Float32 holds exactly. */
export class LettersEmbeddings extends Embeddings {
  /** Texts that were embedded as documents, in every call. */
  readonly calls: string[][] = [];

  constructor(readonly dims = 8) {
    super({});
  }

  async embedDocuments(texts: string[]): Promise<number[][]> {
    this.calls.push(texts);
    return texts.map((text) => this.#count(text));
  }

  async embedQuery(text: string): Promise<number[]> {
    return this.#count(text);
  }

  #count(text: string): number[] {
    const counts = new Array<number>(this.dims).fill(0);
    for (const sign of text.toLowerCase()) {
      const letter = sign.charCodeAt(0) - 97;
      if (letter >= 0 && letter < this.dims) counts[letter]!++;
    }
    return counts;
  }
}
