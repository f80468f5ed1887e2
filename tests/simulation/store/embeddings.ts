import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { LETTERS } from "./values.js";

/** Counts letters, and says nothing of the other dimensions. Vectors of many stand beside their items. */
export class WideEmbeddings extends LettersEmbeddings {
  constructor(readonly width: number) {
    super(LETTERS);
  }

  override async embedDocuments(texts: string[]): Promise<number[][]> {
    return (await super.embedDocuments(texts)).map((counts) => this.#widened(counts));
  }

  override async embedQuery(text: string): Promise<number[]> {
    return this.#widened(await super.embedQuery(text));
  }

  #widened(counts: number[]): number[] {
    return [...counts, ...new Array<number>(this.width - counts.length).fill(0)];
  }
}
