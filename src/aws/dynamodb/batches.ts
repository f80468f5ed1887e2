import { AwsRequestError } from "../../errors.js";
import { forEachAtOnce } from "../client/for-each-at-once.js";
import type { Item, Key } from "./items.js";
import { projection, SLOW_DOWN, type DynamoDBProtocol, type Output } from "./protocol.js";
import { emit, type EventListener } from "../client/events.js";
import { backoffMs } from "../client/retry.js";
import { sleep } from "../client/sleep.js";

export type Write = { PutRequest: { Item: Item } } | { DeleteRequest: { Key: Key } };

/** "BatchWriteItem", "BatchGetItem": limits of one request. */
const BATCH_WRITE = 25;
const BATCH_GET = 100;
/** A batch can hold 10 MB, and a Worker has 128 MB of memory. */
const BATCHES_AT_ONCE = 4;

export interface BatchesConfig {
  tableName: string;
  signal: AbortSignal | undefined;
  maxAttempts: number;
  onEvent: EventListener | undefined;
}

/**
 * Any number of items of one table, in as many requests as that takes, until DynamoDB has done all that they ask for.
 */
export class DynamoDBBatches {
  readonly #protocol: DynamoDBProtocol;
  readonly #config: BatchesConfig;

  constructor(protocol: DynamoDBProtocol, config: BatchesConfig) {
    this.#protocol = protocol;
    this.#config = config;
  }

  /** The items of any number of distinct keys, in no order; those that do not exist are left out. */
  async get(keys: Key[], consistent: boolean, only?: string[]): Promise<Item[]> {
    interface Answered extends Output {
      Responses: Record<string, Item[]>;
      UnprocessedKeys?: Record<string, { Keys: Key[] }>;
    }
    const found: Item[] = [];
    const readChunk = (chunk: Key[]): Promise<void> =>
      this.#untilProcessed("BatchGetItem", chunk, async (rest) => {
        const request = {
          RequestItems: {
            [this.#config.tableName]: {
              Keys: rest,
              ...(only && projection(only)),
              ...(consistent && { ConsistentRead: true }),
            },
          },
        };
        const output = await this.#protocol.call<Answered>("BatchGetItem", request, "Responses");
        for (const item of ofTable(output.Responses) ?? []) found.push(item);
        return ofTable(output.UnprocessedKeys)?.Keys ?? [];
      });
    await forEachAtOnce(BATCHES_AT_ONCE, chunksOf(BATCH_GET, keys), readChunk);
    return found;
  }

  /** Any number of puts and deletes, all of distinct keys, side by side. */
  async write(writes: Write[]): Promise<void> {
    interface Answered extends Output {
      UnprocessedItems?: Record<string, Write[]>;
    }
    const writeChunk = (chunk: Write[]): Promise<void> =>
      this.#untilProcessed("BatchWriteItem", chunk, async (rest) => {
        const output = await this.#protocol.call<Answered>("BatchWriteItem", {
          RequestItems: { [this.#config.tableName]: rest },
        });
        return ofTable(output.UnprocessedItems) ?? [];
      });
    await forEachAtOnce(BATCHES_AT_ONCE, chunksOf(BATCH_WRITE, writes), writeChunk);
  }

  /**
   * Sends `send`'s rest again. A rest that shrinks is the page limit (BatchGetItem answers 16 MB at most) and
   * goes on at once; one that does not is throttling, which is waited for and bounded.
   */
  async #untilProcessed<E>(operation: string, all: E[], send: (rest: E[]) => Promise<E[]>): Promise<void> {
    const { signal, maxAttempts, onEvent } = this.#config;
    let rest = all;
    let shortest = all.length;
    for (let stalled = 0; rest.length > 0;) {
      rest = await send(rest);
      if (rest.length === 0) return;
      stalled = rest.length < shortest ? 0 : stalled + 1;
      shortest = Math.min(shortest, rest.length);
      if (stalled >= maxAttempts) {
        throw new AwsRequestError(
          "THROTTLED",
          `${operation} left ${rest.length} items undone in ${stalled} attempts in a row. ${SLOW_DOWN}`,
          {
            service: "dynamodb",
            operation,
            status: 200,
            attempts: stalled,
            retryable: true,
          },
        );
      }
      const delayMs = stalled === 0 && operation === "BatchGetItem" ? 0 : backoffMs("throttling", stalled + 1);
      emit(onEvent, {
        type: "retry",
        service: "dynamodb",
        operation,
        attempt: stalled + 1,
        reason: "UNPROCESSED",
        delayMs,
      });
      if (delayMs > 0) await sleep(delayMs, signal);
    }
  }
}

/** A batch's answer for the one table there is, which it calls by its name also where the request had its ARN. */
const ofTable = <T>(byTable: Record<string, T> | undefined): T | undefined => Object.values(byTable ?? {})[0];

function chunksOf<E>(size: number, all: E[]): E[][] {
  const chunks: E[][] = [];
  for (let i = 0; i < all.length; i += size) chunks.push(all.slice(i, i + size));
  return chunks;
}
