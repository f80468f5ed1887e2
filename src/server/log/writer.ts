import type { Item } from "../../aws/dynamodb/items.js";
import type { Thread } from "../../checkpoint/refs.js";
import { eventsSortKey } from "../../checkpoint/agent-keys.js";
import { key } from "../../format/keys.js";
import { HttpError } from "../http/http-error.js";
import type { ServerEvent } from "../http/sse.js";
import { endingIn, sealed } from "../items.js";
import type { Scope } from "../scope.js";

/* Events of a resumable run, several in one item. The live client is fed directly and waits for none of this. */

const LOG_SECONDS = 3_600;
const FIRST_FLUSH_MS = 500;
const LAST_FLUSH_MS = 2_000;
const FLUSH_CHARS = 32 * 1_024;
/** So much is unpacked when an item is read. A longer event is left out of the log, and one that no item holds. */
const MAX_CHARS = 1_500_000;
/** Ids of one attempt: a younger attempt has a higher token. */
const TOKEN_BITS = 20n;

/** Numbers events, so that ids rise from each attempt to the next. */
export class EventIds {
  #next: bigint;

  constructor(token: number) {
    this.#next = BigInt(token) << TOKEN_BITS;
  }

  next(): bigint {
    return this.#next++;
  }
}

interface Numbered {
  id: bigint;
  event: ServerEvent;
}

const charsOf = (batch: Numbered[]): number => batch.reduce((sum, { event }) => sum + event.data.length, 0);

export class LogWriter {
  #batch: Numbered[] = [];
  #chars = 0;
  #flushMs = FIRST_FLUSH_MS;
  #since = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    readonly scope: Scope,
    readonly thread: Thread,
    readonly run: string,
  ) {}

  push(id: bigint, event: ServerEvent): void {
    if (event.data.length > MAX_CHARS) return;
    if (this.#batch.length === 0) this.#since = Date.now();
    this.#batch.push({ id, event });
    this.#chars += event.data.length;
  }

  /** Is called again and again while the run goes on. */
  get isDue(): boolean {
    return this.#chars >= FLUSH_CHARS || (this.#batch.length > 0 && Date.now() - this.#since >= this.#flushMs);
  }

  /** Stores what has come, after what came before. What cannot be stored now is stored with what comes. */
  async flush(): Promise<void> {
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        const [batch, chars] = [this.#batch, this.#chars];
        if (batch.length === 0) return;
        this.#batch = [];
        this.#chars = 0;
        this.#flushMs = Math.min(LAST_FLUSH_MS, this.#flushMs * 1.5);
        try {
          await this.#write(batch);
        } catch (error) {
          this.#batch = [...batch, ...this.#batch];
          this.#chars += chars;
          this.#since = Date.now();
          throw error;
        }
      });
    await this.#writing;
  }

  /** Nothing more is stored, from what is being stored just now on. */
  async close(): Promise<void> {
    this.#batch = [];
    this.#chars = 0;
    await this.#writing.catch(() => undefined);
  }

  async #write(batch: Numbered[]): Promise<void> {
    if (batch.length > 1 && charsOf(batch) > MAX_CHARS) return this.#writeHalves(batch);
    const place = key(this.thread.partition, eventsSortKey(this.run, batch.at(-1)!.id));
    const events = batch.map(({ event: { id, event, data } }) => [id, event, data]);
    let data: Awaited<ReturnType<typeof sealed>>;
    try {
      data = await sealed(this.scope.storage, place, events);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      // One that no item can hold is left out. Others were too long together.
      return batch.length === 1 ? undefined : this.#writeHalves(batch);
    }
    const item: Item = { ...place, ...data, ...endingIn(LOG_SECONDS) };
    await this.scope.storage.db.putItem(item);
  }

  async #writeHalves(batch: Numbered[]): Promise<void> {
    const middle = batch.length >> 1;
    await this.#write(batch.slice(0, middle));
    await this.#write(batch.slice(middle));
  }
}
