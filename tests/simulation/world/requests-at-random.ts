import type { Random } from "../../lanes/hostile/random.js";
import type { Input } from "./inputs.js";
import { generateItem, keyOf, NAMES, SORT_KEYS, valueFor } from "./items-at-random.js";
import type { Item, Value } from "./item.js";

/* Requests that a client of DynamoDB may send, some of which it refuses. */

const ORDERS = ["=", "<>", "<", "<=", ">", ">="];

/** Writes an expression, and collects what it refers to. */
class Writer {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, Value> = {};

  constructor(private readonly random: Random) {}

  value(value: Value): string {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  name(name: string): string {
    if (this.random.chance(0.5)) return name;
    this.names[`#${name}`] = name;
    return `#${name}`;
  }

  path(name: string): string {
    const { random } = this;
    const head = this.name(name);
    if (name === "l" && random.chance(0.6)) return `${head}[${random.below(4)}]${random.chance(0.2) ? ".p" : ""}`;
    if (name === "m" && random.chance(0.6))
      return `${head}.${this.name(random.pick(["p", "q"]))}${random.chance(0.2) ? "[0]" : ""}`;
    return head;
  }

  any(): string {
    return this.random.pick(NAMES);
  }

  condition(depth = 0): string {
    const { random } = this;
    if (depth < 2 && random.chance(0.3)) {
      const [a, b] = [this.condition(depth + 1), this.condition(depth + 1)];
      return random.pick([`${a} AND ${b}`, `${a} OR ${b}`, `NOT ${a}`, `(${a} OR ${b}) AND ${b}`]);
    }
    const name = this.any();
    const path = this.path(name);
    const value = (): string => this.value(valueFor(random, random.pick([name, "n", "s"])));
    switch (random.below(9)) {
      case 0:
        return `attribute_exists(${path})`;
      case 1:
        return `attribute_not_exists(${path})`;
      case 2:
        return `attribute_type(${path}, ${this.value({ S: random.pick(["S", "N", "L", "M", "SS", "B"]) })})`;
      case 3:
        return `begins_with(${this.path("s")}, ${this.value({ S: random.pick(["x", ""]) })})`;
      case 4:
        return `contains(${path}, ${this.value(valueFor(random, random.pick(["n", "s"])))})`;
      case 5:
        return this.#size();
      case 6:
        return `${path} IN (${value()}, ${value()})`;
      case 7:
        return `${this.path("n")} BETWEEN ${this.value({ N: "0" })} AND ${this.value({ N: "8" })}`;
      default:
        return `${path} ${random.pick(ORDERS)} ${random.chance(0.8) ? value() : this.path(name)}`;
    }
  }

  #size(): string {
    const path = this.path(this.random.pick(["s", "b", "l", "m", "ss"]));
    return `size(${path}) ${this.random.pick(["<", ">=", "="])} ${this.value({ N: "2" })}`;
  }

  update(): string {
    const { random } = this;
    const clauses: string[] = [];
    const some = (make: () => string): string => Array.from({ length: 1 + random.below(2) }, make).join(", ");
    if (random.chance(0.8)) clauses.push(`SET ${some(() => this.#set())}`);
    if (random.chance(0.3)) clauses.push(`REMOVE ${some(() => this.path(this.any()))}`);
    if (random.chance(0.25)) clauses.push(`ADD ${this.#sets(["n", "ss", "ns"])}`);
    if (random.chance(0.15)) clauses.push(`DELETE ${this.#sets(["ss", "ns"])}`);
    if (clauses.length === 0) clauses.push(`SET ${this.#set()}`);
    return clauses.join(" ");
  }

  #sets(names: string[]): string {
    const name = this.random.pick(names);
    return `${this.name(name)} ${this.value(valueFor(this.random, name))}`;
  }

  #set(): string {
    const { random } = this;
    const name = this.any();
    const path = this.path(name);
    const value = this.value(valueFor(random, name));
    if (name === "n" && random.chance(0.5)) {
      const before = random.chance(0.5) ? path : `if_not_exists(${path}, ${this.value({ N: "5" })})`;
      return `${path} = ${before} ${random.pick(["+", "-"])} ${value}`;
    }
    if (name === "l" && random.chance(0.5)) {
      const list = this.value({ L: [{ S: "more" }] });
      const before = `if_not_exists(${path}, ${value})`;
      return `${path} = ${random.chance(0.5) ? `list_append(${before}, ${list})` : `list_append(${list}, ${before})`}`;
    }
    return `${path} = ${random.chance(0.7) ? value : `if_not_exists(${this.path(this.any())}, ${value})`}`;
  }

  keys(partition: string): string {
    const { random } = this;
    const pk = `${this.name("PK")} = ${this.value({ S: partition })}`;
    const key = (): string => this.value({ S: random.pick(SORT_KEYS) });
    const sk = this.name("SK");
    const range = random.pick([
      () => undefined,
      () => `${sk} ${random.pick(["=", "<", "<=", ">", ">="])} ${key()}`,
      () => `${sk} BETWEEN ${this.value({ S: "a" })} AND ${this.value({ S: random.pick(["b", "z"]) })}`,
      () => `begins_with(${sk}, ${this.value({ S: random.pick(["a", "a#"]) })})`,
      () => `${sk} <> ${key()}`,
    ])();
    if (range === undefined) {
      delete this.names["#SK"]; // written down for nothing
      return pk;
    }
    return random.pick([`${pk} AND ${range}`, `${range} AND ${pk}`, `(${pk}) AND (${range})`]);
  }

  get placeholders(): Input {
    return {
      ...(Object.keys(this.names).length > 0 && { ExpressionAttributeNames: this.names }),
      ...(Object.keys(this.values).length > 0 && { ExpressionAttributeValues: this.values }),
    };
  }
}

export function generateRequest(
  random: Random,
  TableName: string,
  partitions: string[],
): { operation: string; input: Input } {
  const writer = new Writer(random);
  const Key = keyOf(random, partitions);
  const maybe = (share: number, input: () => Input): Input => (random.chance(share) ? input() : {});
  const condition = (): Input => maybe(0.5, () => ({ ConditionExpression: writer.condition() }));
  const failure = (): Input => maybe(0.5, () => ({ ReturnValuesOnConditionCheckFailure: "ALL_OLD" }));
  const projection = (): Input =>
    maybe(0.4, () => ({
      ProjectionExpression: `${writer.name("SK")}, ${writer.path(writer.any())}, ${writer.path("m")}`,
    }));
  const distinct = (keys: Item[]): Item[] => [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
  const done = (operation: string, input: Input): { operation: string; input: Input } => ({
    operation,
    input: { TableName, ...input, ...writer.placeholders },
  });
  switch (random.weighted({ put: 4, delete: 2, update: 8, get: 2, query: 4, batchGet: 1, batchWrite: 1 })) {
    case "put":
      return done("PutItem", {
        Item: generateItem(random, partitions),
        ...condition(),
        ...failure(),
        ...maybe(0.5, () => ({ ReturnValues: "ALL_OLD" })),
      });
    case "delete":
      return done("DeleteItem", {
        Key,
        ...condition(),
        ...failure(),
        ...maybe(0.5, () => ({ ReturnValues: "ALL_OLD" })),
      });
    case "update":
      return done("UpdateItem", {
        Key,
        UpdateExpression: writer.update(),
        ...condition(),
        ...failure(),
        ReturnValues: random.pick(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]),
      });
    case "get":
      return done("GetItem", { Key, ConsistentRead: true, ...projection() });
    case "query": {
      const range = writer.keys(Key.PK!.S as string);
      return done("Query", {
        KeyConditionExpression: range,
        ConsistentRead: true,
        ...maybe(0.3, () => ({ FilterExpression: writer.condition() })),
        ...maybe(0.3, () => ({ Limit: 1 + random.below(3) })),
        ...maybe(0.3, () => ({ ScanIndexForward: false })),
        // DynamoDB Local refuses to begin at the end of a range.
        ...(/ AND .*(BETWEEN|=)|(BETWEEN|=).* AND /.test(range.replace(/\w*PK = :v\d+/, ""))
          ? {}
          : maybe(0.2, () => ({ ExclusiveStartKey: Key }))),
        ...(random.chance(0.15) ? { Select: "COUNT" } : projection()),
      });
    }
    case "batchGet": {
      const Keys = distinct([Key, keyOf(random, partitions), keyOf(random, partitions)]);
      const chosen = projection();
      return {
        operation: "BatchGetItem",
        input: { RequestItems: { [TableName]: { Keys, ConsistentRead: true, ...chosen, ...writer.placeholders } } },
      };
    }
    case "batchWrite": {
      const keys = distinct([Key, keyOf(random, partitions), keyOf(random, partitions)]);
      const writes = keys.map((key) =>
        random.chance(0.5)
          ? { PutRequest: { Item: { ...generateItem(random, partitions), ...key } } }
          : { DeleteRequest: { Key: key } },
      );
      return { operation: "BatchWriteItem", input: { RequestItems: { [TableName]: writes } } };
    }
  }
}
