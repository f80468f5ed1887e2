import { conditionOf, updateOf } from "./expressions/expressions.js";
import { checkItem } from "./check-item.js";
import { checkRequest, keysOf, project, scopeOf, TABLE, type Input } from "./inputs.js";
import { keyOf, writtenKey, type Key, type Write } from "./keys.js";
import { chosen, valueAt } from "./expressions/paths.js";
import { refuse, ServiceError } from "./service-error.js";
import type { Item } from "./item.js";
import { bytesOf, compareText, placeOf } from "./values.js";

interface Partition {
  items: Map<string, Item>;
  /** Its sort keys, in order. */
  order: string[];
}

interface Change {
  step: number;
  pk: string;
  sk: string;
  before: Item | undefined;
}

const KEPT_CHANGES = 400;

/** DynamoDB's table with the string keys `PK` and `SK`, in memory. Items are never changed, only replaced. */
export class SimulatedTable {
  readonly partitions = new Map<string, Partition>();
  /** The latest changes, oldest first: from these a replica that lags answers. */
  readonly #changes: Change[] = [];
  #timeToLive: string | undefined;

  constructor(
    /** At most so many bytes are in a page: DynamoDB's are at most 1 MB, and may be shorter. */
    readonly pageBytes: number,
    /** The moment, as a number that rises. */
    readonly step: () => number,
  ) {}

  get(pk: string, sk: string, asOf = Infinity): Item | undefined {
    let item = this.partitions.get(pk)?.items.get(sk);
    for (let i = this.#changes.length - 1; i >= 0 && this.#changes[i]!.step > asOf; i--) {
      const change = this.#changes[i]!;
      if (change.pk === pk && change.sk === sk) item = change.before;
    }
    return item;
  }

  items(): Item[] {
    return [...this.partitions.values()].flatMap(({ items }) => [...items.values()]);
  }

  put(item: Item): void {
    const { PK, SK } = keyOf(item);
    checkItem(item);
    const partition = this.partitions.get(PK.S) ?? { items: new Map<string, Item>(), order: [] };
    this.partitions.set(PK.S, partition);
    this.#note(PK.S, SK.S);
    if (!partition.items.has(SK.S)) partition.order.splice(placeOf(partition.order, SK.S), 0, SK.S);
    partition.items.set(SK.S, item);
  }

  delete({ PK, SK }: Key): void {
    const partition = this.partitions.get(PK.S);
    if (!partition?.items.has(SK.S)) return;
    this.#note(PK.S, SK.S);
    partition.items.delete(SK.S);
    partition.order.splice(placeOf(partition.order, SK.S), 1);
    if (partition.items.size === 0) this.partitions.delete(PK.S);
  }

  /** From now on, no replica shows what was before. */
  catchUp(): void {
    this.#changes.length = 0;
  }

  #note(pk: string, sk: string): void {
    this.#changes.push({ step: this.step(), pk, sk, before: this.partitions.get(pk)?.items.get(sk) });
    if (this.#changes.length > 2 * KEPT_CHANGES) this.#changes.splice(0, KEPT_CHANGES);
  }

  /** What DynamoDB does with some of the expired items, at any time after they have expired. */
  sweep(nowSeconds: number, chosen: () => boolean): void {
    for (const item of this.items())
      if (item.ttl?.N !== undefined && Number(item.ttl.N) < nowSeconds && chosen()) this.delete(keyOf(item));
  }

  write(write: Write): void {
    if ("PutRequest" in write) this.put(write.PutRequest.Item);
    else this.delete(write.DeleteRequest.Key);
  }

  /** Checks a batch of writes, which are then written one by one, in any order. */
  batch(input: Input): Write[] {
    const [writes] = Object.values(input.RequestItems as Record<string, Write[]>);
    const keys = new Set(writes!.map((write) => `${writtenKey(write).PK.S}\0${writtenKey(write).SK.S}`));
    if (writes!.length === 0 || writes!.length > 25)
      refuse("Too many or no items requested for the BatchWriteItem call");
    for (const write of writes!) if ("PutRequest" in write) checkItem(write.PutRequest.Item);
    if (keys.size < writes!.length) refuse("Provided list of item keys contains duplicates");
    return [...writes!];
  }

  /**
   * Answers a request, all but BatchWriteItem.
   *
   * @param asOf for a read that is not consistent: how old a state it may see
   * @param share how many of a batch's keys are answered, from 0 to 1
   */
  call(operation: string, input: Input, asOf: number, share: number): object {
    checkRequest(input);
    switch (operation) {
      case "GetItem": {
        const item = this.#read(input.Key as Key, input, asOf);
        const projected = item && project(item, input);
        return projected ? { Item: projected } : {};
      }
      case "Query":
        return this.#query(input, asOf);
      case "BatchGetItem":
        return this.#batchGet(input, asOf, share);
      case "PutItem":
      case "DeleteItem":
      case "UpdateItem":
        return this.#change(operation, input);
      case "DescribeTable":
        return TABLE;
      case "DescribeTimeToLive":
        return {
          TimeToLiveDescription: {
            TimeToLiveStatus: this.#timeToLive ? "ENABLED" : "DISABLED",
            ...(this.#timeToLive && { AttributeName: this.#timeToLive }),
          },
        };
      case "UpdateTimeToLive":
        this.#timeToLive = input.TimeToLiveSpecification.AttributeName as string;
        return { TimeToLiveSpecification: input.TimeToLiveSpecification as object };
      default:
        throw new Error(`The simulated table has no ${operation}`);
    }
  }

  #read({ PK, SK }: Key, input: Input, asOf: number): Item | undefined {
    return this.get(PK.S, SK.S, input.ConsistentRead === true ? Infinity : asOf);
  }

  #change(operation: string, input: Input): object {
    const key = (operation === "PutItem" ? keyOf(input.Item as Item) : input.Key) as Key;
    const old = this.get(key.PK.S, key.SK.S);
    const scope = scopeOf(input, old);
    const isMet =
      input.ConditionExpression === undefined || conditionOf(input.ConditionExpression as string).run(scope);
    if (!isMet) {
      const shown = input.ReturnValuesOnConditionCheckFailure === "ALL_OLD" ? old : undefined;
      throw new ServiceError("ConditionalCheckFailedException", "The conditional request failed", shown);
    }
    const attributes = (item: Item = {}): object => (Object.keys(item).length > 0 ? { Attributes: item } : {});
    if (operation === "DeleteItem") this.delete(key);
    if (operation === "PutItem") this.put(input.Item as Item);
    if (operation !== "UpdateItem") return input.ReturnValues === "ALL_OLD" ? attributes(old) : {};
    const before: Item = old ?? (key as unknown as Item);
    const { item, paths } =
      input.UpdateExpression === undefined
        ? { item: before, paths: [] }
        : updateOf(input.UpdateExpression as string).run({ ...scope, item: before });
    if (paths.some(([name]) => name === "PK" || name === "SK"))
      refuse("Cannot update attribute: it is part of the key");
    this.put(item);
    // Of what was updated inside an attribute, DynamoDB Local gives all of it.
    const only = (from: Item): Item =>
      chosen(
        from,
        [...new Set(paths.filter((path) => valueAt(from, path)).map(([name]) => name!))].map((name) => [name]),
      );
    switch (input.ReturnValues) {
      case "ALL_OLD":
        return attributes(old);
      case "ALL_NEW":
        return attributes(item);
      case "UPDATED_OLD":
        return attributes(old && only(old));
      case "UPDATED_NEW":
        return attributes(only(item));
      default:
        return {};
    }
  }

  #query(input: Input, asOf: number): object {
    const { pk, range } = keysOf(input);
    if (input.Limit !== undefined && input.Limit < 1) refuse("Limit must be greater than or equal to 1");
    const after = input.ExclusiveStartKey as Item | undefined;
    if (after && (after.PK!.S !== pk || !range(after)))
      refuse("The provided starting key does not match the range key predicate");
    const filter = input.FilterExpression === undefined ? undefined : conditionOf(input.FilterExpression as string).run;
    const partition = this.partitions.get(pk);
    let order = partition?.order ?? [];
    const old = new Map<string, Item | undefined>();
    if (input.ConsistentRead !== true) {
      for (let i = this.#changes.length - 1; i >= 0 && this.#changes[i]!.step > asOf; i--)
        if (this.#changes[i]!.pk === pk) old.set(this.#changes[i]!.sk, this.#changes[i]!.before);
      if (old.size > 0) order = [...new Set([...order, ...old.keys()])].sort(compareText);
    }
    const descending = input.ScanIndexForward === false;
    const start = after?.SK!.S as string | undefined;
    const found: Item[] = [];
    let [bytes, read] = [0, 0];
    let last: Item | undefined;
    for (let i = 0; i < order.length; i++) {
      const sk = order[descending ? order.length - 1 - i : i]!;
      if (start !== undefined && (descending ? compareText(sk, start) >= 0 : compareText(sk, start) <= 0)) continue;
      const item = old.has(sk) ? old.get(sk) : partition?.items.get(sk);
      if (!item || !range(item)) continue;
      if (last && (read === input.Limit || bytes >= this.pageBytes)) return this.#page(input, found, last, read);
      [last, bytes, read] = [item, bytes + bytesOf(item), read + 1];
      if (!filter || filter(scopeOf(input, item))) found.push(project(item, input));
    }
    return this.#page(input, found, read === input.Limit ? last : undefined, read);
  }

  #page(input: Input, found: Item[], last: Item | undefined, read: number): object {
    const counted = input.Select === "COUNT" ? {} : { Items: found };
    return { ...counted, Count: found.length, ScannedCount: read, ...(last && { LastEvaluatedKey: keyOf(last) }) };
  }

  #batchGet(input: Input, asOf: number, share: number): object {
    const [[table, request]] = Object.entries(input.RequestItems as Record<string, Input>) as [[string, Input]];
    checkRequest(request);
    const keys = request.Keys as Key[];
    if (keys.length === 0 || keys.length > 100) refuse("Too many or no keys requested for the BatchGetItem call");
    if (new Set(keys.map(({ PK, SK }) => `${PK.S}\0${SK.S}`)).size < keys.length)
      refuse("Provided list of item keys contains duplicates");
    const answered = Math.max(share >= 1 ? keys.length : 0, Math.floor(share * keys.length));
    const found: Item[] = [];
    for (const key of keys.slice(0, answered)) {
      const item = this.#read(key, request, asOf);
      // They come in any order.
      if (item) found.unshift(project(item, request));
    }
    const rest = keys.slice(answered);
    return {
      Responses: { [table]: found },
      UnprocessedKeys: rest.length === 0 ? {} : { [table]: { ...request, Keys: rest } },
    };
  }
}
