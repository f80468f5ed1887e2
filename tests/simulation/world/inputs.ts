import type { Scope } from "./expression-parser.js";
import { conditionOf, projectionOf, updateOf } from "./expressions.js";
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
  const names = projectionOf(input.ProjectionExpression as string).run(scopeOf(input, item));
  return Object.fromEntries(names.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
}

/** DynamoDB refuses a request that explains names or values which it does not use. */
export function checkUses(input: Input, used: string[] = []): void {
  const uses = new Set(used);
  const {
    ConditionExpression: condition,
    UpdateExpression: update,
    ProjectionExpression: projection,
    FilterExpression: filter,
    KeyConditionExpression: keys,
  } = input;
  for (const text of [condition, filter])
    if (text !== undefined) for (const use of conditionOf(text as string).uses) uses.add(use);
  if (keys !== undefined) for (const use of conditionOf(keys as string).uses) uses.add(use);
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
