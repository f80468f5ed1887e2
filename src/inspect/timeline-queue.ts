import { ByteLru } from "../payload/byte-lru.js";
import { compareCodePoints } from "../format/code-points.js";
import { idIn, PARENT } from "../format/id-attribute.js";
import { checkpointPages, oneCheckpoint } from "../checkpoint/read/pages.js";
import { FIRST } from "../format/attributes.js";
import type { Storage } from "../checkpoint/storage.js";
import { checkpointRef, type Thread } from "../checkpoint/refs.js";
import { readRows, rowSize, type Row } from "./timeline-rows.js";

/** Of parents that were read by themselves, so many bytes are kept. */
const FAR_PARENTS_BYTES = 4 * 1_024 * 1_024;

/** Rows in their order, with a look ahead of one page for their parents. */
export class TimelineQueue {
  readonly #queue: { row: Row; page: number }[] = [];
  #at = 0;
  #pages = 0;
  /** The page of the row that was given last. */
  #page = 0;
  /** Those of the queue, by namespace and id. */
  readonly #byId = new Map<string, Row>();
  /** Parents that were read by themselves: forks from far away. */
  readonly #far = new ByteLru<Row>(FAR_PARENTS_BYTES);

  constructor(
    private readonly storage: Storage,
    private readonly thread: Thread,
    private readonly source: AsyncGenerator<Row[], void, undefined>,
  ) {}

  /** The next row; undefined after the last one. */
  async next(): Promise<Row | undefined> {
    if (this.#at >= this.#queue.length && !(await this.#pull())) return undefined;
    const { row, page } = this.#queue[this.#at++]!;
    this.#page = page;
    this.#byId.delete(nameOf(row.items.ns, row.items.id));
    return row;
  }

  /** The parent of the row that was given last; undefined where it is not there. */
  async parentOf({ items: { ns, item } }: Row): Promise<Row | undefined> {
    const id = idIn(item, PARENT);
    if (id === undefined || FIRST in item) return undefined;
    const name = nameOf(ns, id);
    const last = this.#queue.at(-1)!.row.items;
    const isFurther = last.ns === ns && compareCodePoints(id, last.id) < 0;
    if (!this.#byId.has(name) && isFurther && this.#pages === this.#page) await this.#pull();
    return this.#byId.get(name) ?? this.#far.get(name) ?? (await this.#readFar(ns, id));
  }

  async #pull(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.source.next();
      if (done) return false;
      if (value.length === 0) continue;
      this.#queue.splice(0, this.#at);
      this.#at = 0;
      this.#pages++;
      for (const row of value) {
        this.#queue.push({ row, page: this.#pages });
        this.#byId.set(nameOf(row.items.ns, row.items.id), row);
      }
      return true;
    }
  }

  async #readFar(ns: string, id: string): Promise<Row | undefined> {
    for await (const page of checkpointPages(
      this.storage,
      this.thread,
      oneCheckpoint(await checkpointRef(this.thread, ns, id)),
    )) {
      for await (const [row] of readRows(this.storage, page)) {
        this.#far.set(nameOf(ns, id), row!, rowSize(row!));
        return row;
      }
    }
    return undefined;
  }
}

const nameOf = (ns: string, id: string): string => `${JSON.stringify(ns)}${id}`;
