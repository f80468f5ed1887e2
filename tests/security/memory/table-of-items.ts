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
  ExpressionAttributeValues: Record<string, { S: string }>;
  RequestItems: Record<string, { Keys: StoredItem[] }>;
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

export function fetchFrom(items: readonly StoredItem[]): Fetch {
  const find = ({ PK, SK }: StoredItem): StoredItem | undefined =>
    items.find((item) => item.PK!.S === PK!.S && item.SK!.S === SK!.S);
  const query = ({
    ExpressionAttributeValues: values,
    ScanIndexForward,
    Limit = Infinity,
    ExclusiveStartKey,
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
      Items: page,
      ...(last && page.length < found.length && { LastEvaluatedKey: { PK: last.PK, SK: last.SK } }),
    };
  };
  return async (_, init) => {
    const input = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as Input;
    switch (new Headers(init.headers).get("x-amz-target")?.split(".")[1]) {
      case "Query":
        return Response.json(query(input));
      case "GetItem":
        return Response.json({ Item: find(input.Key) });
      case "BatchGetItem": {
        const [[table, { Keys }]] = Object.entries(input.RequestItems) as [[string, { Keys: StoredItem[] }]];
        return Response.json({ Responses: { [table]: Keys.map(find).filter((item) => item !== undefined) } });
      }
      default:
        return Response.json({});
    }
  };
}
