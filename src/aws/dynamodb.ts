import { AwsRequestError } from "../errors.js";
import type { AwsClient } from "./client.js";
import { forEachAtOnce } from "./concurrency.js";
import { DynamoDBProtocol, SLOW_DOWN, type Output } from "./dynamodb-protocol.js";
import { emit, type EventListener } from "./events.js";
import { backoffMs } from "./retry.js";
import { sleep } from "./sleep.js";

/** DynamoDB's wire form of the attribute types used here. `B` is base64. */
export type AttributeValue = { S: string } | { N: string } | { B: string };
export interface Key {
  PK: { S: string };
  SK: { S: string };
}
export type Item = Key & Record<string, AttributeValue>;

export interface QueryInput {
  partition: string;
  /** Inclusive bounds of the sort key. */
  between?: [from: string, to: string];
  beginsWith?: string;
  descending?: boolean;
  limit?: number;
  /** Only these attributes. */
  only?: string[];
  consistent?: boolean;
  after?: Key | undefined;
}

export interface Page {
  items: Item[];
  /** Where the next page starts; `undefined` on the last. */
  next: Key | undefined;
}

export interface Condition {
  condition?: string;
  names?: Record<string, string>;
  values?: Record<string, AttributeValue>;
}

export interface UpdateInput extends Condition {
  key: Key;
  update: string;
}

export type TableState = { status: string; keys: { name: string; role: "HASH" | "RANGE"; type: string }[] };

type Write = { PutRequest: { Item: Item } } | { DeleteRequest: { Key: Key } };

/** "BatchWriteItem", "BatchGetItem": limits of one request. */
const BATCH_WRITE = 25;
const BATCH_GET = 100;
/** A batch can hold 10 MB, and a Worker has 128 MB of memory. */
const BATCHES_AT_ONCE = 4;

/** The operations on one table. */
export class DynamoDB {
  readonly #protocol: DynamoDBProtocol;
  readonly #signal: AbortSignal | undefined;
  readonly #maxAttempts: number;
  readonly #onEvent: EventListener | undefined;
  readonly tableName: string;

  constructor(
    client: AwsClient,
    config: {
      tableName: string;
      region: string;
      endpoint: string;
      signal: AbortSignal | undefined;
      maxAttempts: number;
      onEvent: EventListener | undefined;
    },
  ) {
    const { tableName, region, endpoint, signal, maxAttempts, onEvent } = config;
    this.#protocol = new DynamoDBProtocol(client, { tableName, region, endpoint, countsCapacity: onEvent !== undefined });
    this.#signal = signal;
    this.#maxAttempts = maxAttempts;
    this.#onEvent = onEvent;
    this.tableName = tableName;
  }

  /** The table's status and keys, or `undefined` when there is no such table. */
  async describeTable(): Promise<TableState | undefined> {
    interface Description extends Output {
      Table: {
        TableStatus: string;
        KeySchema: { AttributeName: string; KeyType: "HASH" | "RANGE" }[];
        AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
      };
    }
    try {
      const { Table } = await this.#protocol.call<Description>("DescribeTable", {}, "Table");
      const typeOf = (name: string): string => Table.AttributeDefinitions.find((a) => a.AttributeName === name)?.AttributeType ?? "?";
      return {
        status: Table.TableStatus,
        keys: Table.KeySchema.map((k) => ({ name: k.AttributeName, role: k.KeyType, type: typeOf(k.AttributeName) })),
      };
    } catch (error) {
      if (error instanceof AwsRequestError && error.code === "TABLE_NOT_FOUND") return undefined;
      throw error;
    }
  }

  /** Asks for a table with string keys `PK` and `SK`, on demand. False when another caller was first. */
  async createTable(): Promise<boolean> {
    try {
      await this.#protocol.call("CreateTable", {
        AttributeDefinitions: [
          { AttributeName: "PK", AttributeType: "S" },
          { AttributeName: "SK", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "PK", KeyType: "HASH" },
          { AttributeName: "SK", KeyType: "RANGE" },
        ],
        BillingMode: "PAY_PER_REQUEST",
      });
      return true;
    } catch (error) {
      if (error instanceof AwsRequestError && error.serviceCode === "ResourceInUseException") return false;
      throw error;
    }
  }

  /** The attribute by which items expire, or `undefined` when none do. */
  async describeTimeToLive(): Promise<string | undefined> {
    interface Description extends Output {
      TimeToLiveDescription: { TimeToLiveStatus: string; AttributeName?: string };
    }
    const { TimeToLiveDescription: ttl } = await this.#protocol.call<Description>("DescribeTimeToLive", {}, "TimeToLiveDescription");
    return ttl.TimeToLiveStatus.startsWith("ENABL") ? ttl.AttributeName : undefined;
  }

  async enableTimeToLive(attribute: string): Promise<true> {
    await this.#protocol.call("UpdateTimeToLive", { TimeToLiveSpecification: { Enabled: true, AttributeName: attribute } });
    return true;
  }

  /** One page: 1 MB at most, or `limit` items. */
  async query(input: QueryInput): Promise<Page> {
    const values: Record<string, AttributeValue> = { ":pk": { S: input.partition } };
    let condition = "PK = :pk";
    if (input.between) {
      condition += " AND SK BETWEEN :from AND :to";
      values[":from"] = { S: input.between[0] };
      values[":to"] = { S: input.between[1] };
    } else if (input.beginsWith !== undefined) {
      condition += " AND begins_with(SK, :prefix)";
      values[":prefix"] = { S: input.beginsWith };
    }
    const request = {
      KeyConditionExpression: condition,
      ExpressionAttributeValues: values,
      ...(input.descending && { ScanIndexForward: false }),
      ...(input.limit && { Limit: input.limit }),
      ...(input.only && projection(input.only)),
      ...(input.consistent && { ConsistentRead: true }),
      ...(input.after && { ExclusiveStartKey: input.after }),
    };
    const output = await this.#protocol.call<Output & { Items: Item[]; LastEvaluatedKey?: Key }>("Query", request, "Items");
    return { items: output.Items, next: output.LastEvaluatedKey };
  }

  /** All pages from `input` on. */
  async *queryPages(input: QueryInput): AsyncGenerator<Item[], void, undefined> {
    let after = input.after;
    do {
      const page = await this.query({ ...input, after });
      yield page.items;
      after = page.next;
    } while (after);
  }

  async getItem(key: Key, consistent: boolean, only?: string[]): Promise<Item | undefined> {
    const output = await this.#protocol.call<Output & { Item?: Item }>("GetItem", {
      Key: key,
      ...(only && projection(only)),
      ...(consistent && { ConsistentRead: true }),
    });
    return output.Item;
  }

  /** False when `condition` was given and did not hold. */
  async putItem(item: Item, condition?: Condition): Promise<boolean> {
    return (await this.#conditional("PutItem", { Item: item, ...(condition && conditionOf(condition)) })) !== undefined;
  }

  /** The item that was deleted, `undefined` when there was none. */
  async takeItem(key: Key): Promise<Item | undefined> {
    const { Attributes } = await this.#protocol.call<Output & { Attributes?: Item }>("DeleteItem", { Key: key, ReturnValues: "ALL_OLD" });
    return Attributes;
  }

  /** False when `condition` did not hold. */
  async deleteItem(key: Key, condition: Condition): Promise<boolean> {
    return (await this.#conditional("DeleteItem", { Key: key, ...conditionOf(condition) })) !== undefined;
  }

  /** False when `condition` was given and did not hold. */
  async updateItem(input: UpdateInput): Promise<boolean> {
    return (await this.#conditional("UpdateItem", updateOf(input))) !== undefined;
  }

  /**
   * The whole item after an update; `undefined` when `condition` was given and did not hold.
   * @param input is asked for the update of each attempt
   */
  async updatedItem(input: () => UpdateInput): Promise<Item | undefined> {
    const update = (): Record<string, unknown> => ({ ...updateOf(input()), ReturnValues: "ALL_NEW" });
    const output = await this.#conditional<Output & { Attributes: Item }>("UpdateItem", update, "Attributes");
    return output?.Attributes;
  }

  /** What the updated attributes were before, `{}` if there were none; `undefined` when `condition` did not hold. */
  async replacedAttributes(input: UpdateInput): Promise<Partial<Item> | undefined> {
    const output = await this.#conditional<Output & { Attributes?: Item }>("UpdateItem", { ...updateOf(input), ReturnValues: "UPDATED_OLD" });
    return output && (output.Attributes ?? {});
  }

  async #conditional<T extends Output>(operation: string, input: Parameters<DynamoDBProtocol["call"]>[1], required?: keyof T): Promise<T | undefined> {
    try {
      return await this.#protocol.call<T>(operation, input, required);
    } catch (error) {
      if (error instanceof AwsRequestError && error.serviceCode === "ConditionalCheckFailedException") return undefined;
      throw error;
    }
  }

  /** The items of any number of distinct keys, in no order; those that do not exist are left out. */
  async batchGet(keys: Key[], consistent: boolean, only?: string[]): Promise<Item[]> {
    interface Answered extends Output {
      Responses: Record<string, Item[]>;
      UnprocessedKeys?: Record<string, { Keys: Key[] }>;
    }
    const found: Item[] = [];
    const readChunk = (chunk: Key[]): Promise<void> =>
      this.#untilProcessed("BatchGetItem", chunk, async (rest) => {
        const request = { RequestItems: { [this.tableName]: { Keys: rest, ...(only && projection(only)), ...(consistent && { ConsistentRead: true }) } } };
        const output = await this.#protocol.call<Answered>("BatchGetItem", request, "Responses");
        for (const item of ofTable(output.Responses) ?? []) found.push(item);
        return ofTable(output.UnprocessedKeys)?.Keys ?? [];
      });
    await forEachAtOnce(BATCHES_AT_ONCE, chunksOf(BATCH_GET, keys), readChunk);
    return found;
  }

  /** Any number of puts of distinct keys, and of deletes of others, side by side. */
  async batchPut(items: Item[], deletes: Key[] = []): Promise<void> {
    await this.#batchWrite([...items.map((item) => ({ PutRequest: { Item: item } })), ...deletes.map((key) => ({ DeleteRequest: { Key: key } }))]);
  }

  /** Any number of deletes of distinct keys, side by side. */
  async batchDelete(keys: Key[]): Promise<void> {
    await this.#batchWrite(keys.map((key) => ({ DeleteRequest: { Key: key } })));
  }

  async #batchWrite(writes: Write[]): Promise<void> {
    interface Answered extends Output {
      UnprocessedItems?: Record<string, Write[]>;
    }
    const writeChunk = (chunk: Write[]): Promise<void> =>
      this.#untilProcessed("BatchWriteItem", chunk, async (rest) => {
        const output = await this.#protocol.call<Answered>("BatchWriteItem", { RequestItems: { [this.tableName]: rest } });
        return ofTable(output.UnprocessedItems) ?? [];
      });
    await forEachAtOnce(BATCHES_AT_ONCE, chunksOf(BATCH_WRITE, writes), writeChunk);
  }

  /**
   * Sends `send`'s rest again. A rest that shrinks is the page limit (BatchGetItem answers 16 MB at most) and
   * goes on at once; one that does not is throttling, which is waited for and bounded.
   */
  async #untilProcessed<E>(operation: string, all: E[], send: (rest: E[]) => Promise<E[]>): Promise<void> {
    let rest = all;
    let shortest = all.length;
    for (let stalled = 0; rest.length > 0; ) {
      rest = await send(rest);
      if (rest.length === 0) return;
      stalled = rest.length < shortest ? 0 : stalled + 1;
      shortest = Math.min(shortest, rest.length);
      if (stalled >= this.#maxAttempts) {
        throw new AwsRequestError("THROTTLED", `${operation} left ${rest.length} items undone in ${stalled} attempts in a row. ${SLOW_DOWN}`, {
          service: "dynamodb",
          operation,
          status: 200,
          attempts: stalled,
          retryable: true,
        });
      }
      const delayMs = stalled === 0 && operation === "BatchGetItem" ? 0 : backoffMs("throttling", stalled + 1);
      emit(this.#onEvent, { type: "retry", service: "dynamodb", operation, attempt: stalled + 1, reason: "UNPROCESSED", delayMs });
      if (delayMs > 0) await sleep(delayMs, this.#signal);
    }
  }
}

/** A batch's answer for the one table there is, which it calls by its name also where the request had its ARN. */
const ofTable = <T>(byTable: Record<string, T> | undefined): T | undefined => Object.values(byTable ?? {})[0];

const conditionOf = ({ condition, names, values }: Condition): Record<string, unknown> => ({
  ...(condition && { ConditionExpression: condition }),
  ...(names && Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
  ...(values && { ExpressionAttributeValues: values }),
});

const updateOf = ({ key, update, ...condition }: UpdateInput): Record<string, unknown> => ({ Key: key, UpdateExpression: update, ...conditionOf(condition) });

/** By placeholders: names such as `ttl` are reserved words. */
const projection = (attributes: string[]): Record<string, unknown> => ({
  ProjectionExpression: attributes.map((name) => `#${name}`).join(", "),
  ExpressionAttributeNames: Object.fromEntries(attributes.map((name) => [`#${name}`, name])),
});

function chunksOf<E>(size: number, all: E[]): E[][] {
  const chunks: E[][] = [];
  for (let i = 0; i < all.length; i += size) chunks.push(all.slice(i, i + size));
  return chunks;
}
