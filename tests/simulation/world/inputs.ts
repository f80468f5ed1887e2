import type { Parsed, Scope } from "./expressions/operand-parser.js";
import { conditionOf, keyConditionsOf, projectionOf, updateOf } from "./expressions/expressions.js";
import { chosen } from "./expressions/paths.js";
import type { Item } from "./item.js";
import { refuse } from "./service-error.js";

// The protocol's own names, of which each operation has others.
export type Input = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

export const scopeOf = (input: Input, item: Item | undefined): Scope => ({
  names: input.ExpressionAttributeNames ?? {},
  values: input.ExpressionAttributeValues ?? {},
  item,
});

export function project(item: Item, input: Input): Item {
  if (input.ProjectionExpression === undefined) return item;
  const paths = projectionOf(input.ProjectionExpression as string).run(scopeOf(input, item));
  return chosen(item, paths);
}

/** What a Query asks for: a partition, and which of its sort keys. */
export function keysOf(input: Input): { pk: string; range: (item: Item) => boolean } {
  const scope = scopeOf(input, undefined);
  const conditions = keyConditionsOf(input.KeyConditionExpression as string).run.map((condition) => ({
    ...condition,
    name: condition.path(scope).join("."),
  }));
  const partition = conditions.filter(({ name, isEqual }) => name === "PK" && isEqual);
  const others = conditions.filter(({ name }) => name !== "PK");
  if (partition.length !== 1) refuse("Query condition missed key schema element: PK");
  if (others.some(({ name }) => name !== "SK")) refuse("Query condition missed key schema element: SK");
  if (conditions.length > 2) refuse("KeyConditionExpressions must only contain one condition per key");
  return {
    pk: partition[0]!.value(scope)!.S as string,
    range: ({ SK }) => others.every(({ test }) => test({ ...scope, item: { SK: SK! } })),
  };
}

/**
 * What DynamoDB refuses whatever is in the table: among others, a request that explains names or values which it does
 * not use.
 */
export function checkRequest(input: Input): void {
  const parsed: Parsed<unknown>[] = [];
  const { ConditionExpression: condition, FilterExpression: filter, UpdateExpression: update } = input;
  const { ProjectionExpression: projection, KeyConditionExpression: keys } = input;
  for (const text of [condition, filter]) if (text !== undefined) parsed.push(conditionOf(text as string));
  if (keys !== undefined) parsed.push(keyConditionsOf(keys as string));
  if (update !== undefined) parsed.push(updateOf(update as string));
  if (projection !== undefined) parsed.push(projectionOf(projection as string));
  const uses = new Set(parsed.flatMap((one) => [...one.uses]));
  const given = new Set([
    ...Object.keys(input.ExpressionAttributeNames ?? {}),
    ...Object.keys(input.ExpressionAttributeValues ?? {}),
  ]);
  for (const name of given)
    if (!uses.has(name))
      refuse(`Value provided in ExpressionAttributeNames or ExpressionAttributeValues unused in expressions: ${name}`);
  for (const use of uses)
    if (!given.has(use)) refuse(`An expression attribute name or value used in expression is not defined: ${use}`);
  const scope = scopeOf(input, undefined);
  for (const { checks } of parsed) for (const check of checks) check(scope);
}

/** What DescribeTable answers. */
export const TABLE = {
  Table: {
    TableStatus: "ACTIVE",
    KeySchema: [
      { AttributeName: "PK", KeyType: "HASH" },
      { AttributeName: "SK", KeyType: "RANGE" },
    ],
    AttributeDefinitions: ["PK", "SK"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
  },
};
