import { endpoint, tableName } from "../savers/harness.js";
import { fetchServers } from "../servers/servers.js";
import { aws } from "./dynamodb-signer.js";

/** The table as DynamoDB itself sees it, past the saver. */

/** Sort key of a thread's marker. */
export const MARKER = "C#$";

export type RawItem = Record<string, Partial<Record<"S" | "N" | "B", string>>>;

async function call(
  operation: string,
  input: Record<string, unknown>,
): Promise<{ Items?: RawItem[]; LastEvaluatedKey?: RawItem }> {
  const body = new TextEncoder().encode(JSON.stringify({ TableName: tableName(), ...input }));
  const { url, method, headers } = await aws.sign(endpoint(), {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}` },
    body,
  });
  const response = await fetchServers(url, { method, headers, body });
  const answer = new TextDecoder().decode(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${operation}: ${answer}`);
  return JSON.parse(answer);
}

/** All pages of a Query or Scan. */
async function pages(operation: "Query" | "Scan", input: Record<string, unknown>): Promise<RawItem[]> {
  const items: RawItem[] = [];
  let after: RawItem | undefined;
  do {
    const page = await call(operation, { ...input, ...(after && { ExclusiveStartKey: after }) });
    items.push(...page.Items!);
    after = page.LastEvaluatedKey;
  } while (after);
  return items;
}

/** Every item whose partition key starts with a saver's `keyPrefix`, wherever it lies. */
export const itemsWithPrefix = (keyPrefix: string): Promise<RawItem[]> =>
  pages("Scan", {
    FilterExpression: "begins_with(PK, :prefix)",
    ExpressionAttributeValues: { ":prefix": { S: keyPrefix } },
  });

/** The items of one thread whose sort keys start with `sortKeyPrefix`: `C#` checkpoints and writes, `S#` segments. */
export const itemsOf = (keyPrefix: string, threadId: string, sortKeyPrefix = ""): Promise<RawItem[]> =>
  pages("Query", {
    KeyConditionExpression: `PK = :pk${sortKeyPrefix && " AND begins_with(SK, :sk)"}`,
    ExpressionAttributeValues: {
      ":pk": { S: `${keyPrefix}T#${threadId}` },
      ...(sortKeyPrefix && { ":sk": { S: sortKeyPrefix } }),
    },
  });

export async function putRaw(item: RawItem): Promise<void> {
  await call("PutItem", { Item: item });
}

export async function deleteRaw({ PK, SK }: RawItem): Promise<void> {
  await call("DeleteItem", { Key: { PK, SK } });
}

/** An item with the bytes of one binary attribute changed. */
export function withBytes(item: RawItem, attribute: string, change: (bytes: Uint8Array) => Uint8Array): RawItem {
  const bytes = Uint8Array.from(atob(item[attribute]!.B!), (sign) => sign.charCodeAt(0));
  return { ...item, [attribute]: { B: btoa(Array.from(change(bytes), (byte) => String.fromCharCode(byte)).join("")) } };
}
