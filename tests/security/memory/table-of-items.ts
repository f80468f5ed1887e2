import type { Fetch } from "langgraph-checkpoint-dynamodb";

/*
 * A table that only answers reads, from items that are there from the beginning. It measures nothing and changes
 * nothing.
 */

export type StoredItem = Record<string, Record<string, string>>;

interface Input {
  Key: StoredItem;
  ScanIndexForward?: boolean;
  Limit?: number;
  ExclusiveStartKey?: StoredItem;
  ProjectionExpression?: string;
  ExpressionAttributeValues: Record<string, { S: string }>;
  RequestItems: Record<string, { Keys: StoredItem[]; ProjectionExpression?: string }>;
}

/** A long value stands in the table as `{ S: "", fill: "390000" }`: only what is answered has its length. */
const filled = (item: StoredItem): StoredItem =>
  Object.fromEntries(
    Object.entries(item).map(([name, { fill, ...value }]) => [
      name,
      fill === undefined ? value : { [Object.keys(value)[0]!]: "A".repeat(Number(fill)) },
    ]),
  );

/** Bytes of a Query's page: 1 MB. */
const PAGE = 1_048_576;

/** The attributes that are asked for, each by the placeholder `#` and its own name. */
function projected<T extends StoredItem | undefined>(item: T, expression: string | undefined): T {
  if (!item || expression === undefined) return item;
  const names = new Set(expression.split(", ").map((placeholder) => placeholder.slice(1)));
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name))) as T;
}

export function fetchFrom(items: readonly StoredItem[]): Fetch {
  const find = ({ PK, SK }: StoredItem): StoredItem | undefined =>
    items.find((item) => item.PK!.S === PK!.S && item.SK!.S === SK!.S);
  const query = ({
    ExpressionAttributeValues: values,
    ScanIndexForward,
    Limit = Infinity,
    ExclusiveStartKey,
    ProjectionExpression,
  }: Input): unknown => {
    const { ":pk": pk, ":prefix": prefix, ":from": from, ":to": to } = values;
    const sign = ScanIndexForward === false ? -1 : 1;
    const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0) * sign;
    const found = items
      .filter(
        ({ PK, SK }) =>
          PK!.S === pk!.S &&
          SK!.S!.startsWith(prefix?.S ?? "") &&
          (!from || SK!.S! >= from.S) &&
          (!to || SK!.S! <= to.S),
      )
      .filter(({ SK }) => !ExclusiveStartKey || compare(SK!.S!, ExclusiveStartKey.SK!.S!) > 0)
      .sort((a, b) => compare(a.SK!.S!, b.SK!.S!));
    const page: StoredItem[] = [];
    for (let bytes = 0; page.length < Math.min(Limit, found.length) && bytes < PAGE;)
      bytes += JSON.stringify(page[page.push(filled(found[page.length]!)) - 1]).length;
    const last = page.at(-1);
    return {
      Items: page.map((item) => projected(item, ProjectionExpression)),
      ...(last && page.length < found.length && { LastEvaluatedKey: { PK: last.PK, SK: last.SK } }),
    };
  };
  return async (_, init) => {
    const input = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as Input;
    switch (new Headers(init.headers).get("x-amz-target")?.split(".")[1]) {
      case "Query":
        return Response.json(query(input));
      case "GetItem":
        return Response.json({ Item: projected(find(input.Key), input.ProjectionExpression) });
      case "BatchGetItem": {
        const [[table, { Keys, ProjectionExpression }]] = Object.entries(input.RequestItems) as [
          [string, Input["RequestItems"][string]],
        ];
        const found = Keys.map(find).filter((item) => item !== undefined);
        return Response.json({ Responses: { [table]: found.map((item) => projected(item, ProjectionExpression)) } });
      }
      case "UpdateItem":
        return Response.json({ Attributes: find(input.Key) ?? input.Key });
      default:
        return Response.json({});
    }
  };
}
