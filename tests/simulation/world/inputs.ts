import type { Scope } from "./expression-parser.js";
import { conditionOf, keyConditionsOf, projectionOf, updateOf } from "./expressions.js";
import { checkApart, chosen } from "./paths.js";
import { refuse, type Item } from "./values.js";

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
  checkApart(paths);
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

/** DynamoDB refuses a request that explains names or values which it does not use. */
export function checkUses(input: Input): void {
  const uses = new Set<string>();
  const {
    ConditionExpression: condition,
    UpdateExpression: update,
    ProjectionExpression: projection,
    FilterExpression: filter,
    KeyConditionExpression: keys,
  } = input;
  for (const text of [condition, filter])
    if (text !== undefined) for (const use of conditionOf(text as string).uses) uses.add(use);
  if (keys !== undefined) for (const use of keyConditionsOf(keys as string).uses) uses.add(use);
  if (update !== undefined) for (const use of updateOf(update as string).uses) uses.add(use);
  if (projection !== undefined) for (const use of projectionOf(projection as string).uses) uses.add(use);
  for (const given of [
    ...Object.keys(input.ExpressionAttributeNames ?? {}),
    ...Object.keys(input.ExpressionAttributeValues ?? {}),
  ]) {
    if (!uses.has(given))
      refuse(`Value provided in ExpressionAttributeNames or ExpressionAttributeValues unused in expressions: ${given}`);
  }
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
