import { AwsRequestError } from "../../errors.js";
import { DynamoDBBatches, type BatchesConfig } from "./batches.js";
import type { AttributeValue, Condition, Item, Key, Page, QueryInput, UpdateInput } from "./items.js";
import { DynamoDBProtocol, projection, type Output, type Sender } from "./protocol.js";
import { machineClock, type TableClock } from "./table-clock.js";

/** The operations on one table. */
export class DynamoDB {
  // Private fields: neither `inspect` nor `JSON.stringify` shows credentials.
  readonly #client: Sender;
  readonly #config: BatchesConfig & { region: string; endpoint: string };
  readonly #protocol: DynamoDBProtocol;
  readonly #batches: DynamoDBBatches;
  readonly tableName: string;

  constructor(
    client: Sender,
    config: BatchesConfig & { region: string; endpoint: string },
    /** By which times are stored, and compared. */
    readonly clock: TableClock = machineClock,
  ) {
    this.#client = client;
    this.#config = config;
    const { tableName, region, endpoint, signal, maxAttempts, onEvent } = config;
    this.#protocol = new DynamoDBProtocol(client, {
      tableName,
      region,
      endpoint,
      countsCapacity: onEvent !== undefined,
      clock,
    });
    this.#batches = new DynamoDBBatches(this.#protocol, { tableName, signal, maxAttempts, onEvent });
    this.tableName = tableName;
  }

  /** What ends its requests, if anything does. */
  get signal(): AbortSignal | undefined {
    return this.#config.signal;
  }

  /** The same table; requests end when this signal fires. */
  until(signal: AbortSignal): DynamoDB {
    return new DynamoDB(
      { send: (request) => this.#client.send(request, signal) },
      { ...this.#config, signal },
      this.clock,
    );
  }

  /** An operation that has no method here, as the protocol's own `call`. */
  call<T extends Output>(...request: Parameters<typeof DynamoDBProtocol.prototype.call<T>>): Promise<T> {
    return this.#protocol.call<T>(...request);
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
    const output = await this.#protocol.call<Output & { Items: Item[]; LastEvaluatedKey?: Key }>(
      "Query",
      request,
      "Items",
    );
    const next = output.LastEvaluatedKey;
    // DynamoDB goes on. Who asked a server that does not would never come to an end.
    if (next && next.SK?.S === input.after?.SK.S)
      throw new AwsRequestError("SERVICE_ERROR", `Query on ${this.tableName} gave one page a second time.`, {
        service: "dynamodb",
        operation: "Query",
        status: 200,
        attempts: 1,
        retryable: false,
      });
    return { items: output.Items, next };
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

  async #conditional<T extends Output>(
    operation: string,
    input: Parameters<DynamoDBProtocol["call"]>[1],
    required?: keyof T,
  ): Promise<T | undefined> {
    try {
      return await this.#protocol.call<T>(operation, input, required);
    } catch (error) {
      if (error instanceof AwsRequestError && error.serviceCode === "ConditionalCheckFailedException") return undefined;
      throw error;
    }
  }

  /** The items of any number of distinct keys, in no order; those that do not exist are left out. */
  async batchGet(keys: Key[], consistent: boolean, only?: string[]): Promise<Item[]> {
    return this.#batches.get(keys, consistent, only);
  }

  /** Any number of puts of distinct keys, and of deletes of others, side by side. */
  async batchPut(items: Item[], deletes: Key[] = []): Promise<void> {
    await this.#batches.write([
      ...items.map((item) => ({ PutRequest: { Item: item } })),
      ...deletes.map((key) => ({ DeleteRequest: { Key: key } })),
    ]);
  }

  /** Any number of deletes of distinct keys, side by side. */
  async batchDelete(keys: Key[]): Promise<void> {
    await this.#batches.write(keys.map((key) => ({ DeleteRequest: { Key: key } })));
  }
}

const conditionOf = ({ condition, names, values }: Condition): Record<string, unknown> => ({
  ...(condition && { ConditionExpression: condition }),
  ...(names && Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
  ...(values && { ExpressionAttributeValues: values }),
});

export const updateOf = ({ key, update, ...condition }: UpdateInput): Record<string, unknown> => ({
  Key: key,
  UpdateExpression: update,
  ...conditionOf(condition),
});
