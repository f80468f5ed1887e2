import type { Input } from "./inputs.js";
import type { Write } from "./keys.js";

interface Described {
  to: "table" | "bucket";
  operation?: string;
  input?: Input;
  method?: string;
  path?: string;
  query?: string;
}

const short = (text: string): string => (text.length > 150 ? `${text.slice(0, 150)}…` : text);

/** A request, as a trace shows it: which item, and under which condition. */
export function describe({ to, operation, input, method, path, query }: Described): string {
  if (to === "bucket") return `S3 ${method} ${short(path!)}${query}`;
  const {
    Key,
    Item,
    RequestItems,
    ConditionExpression,
    UpdateExpression,
    KeyConditionExpression,
    ExpressionAttributeValues,
  } = input!;
  const condition = [UpdateExpression, ConditionExpression && `if ${ConditionExpression}`].filter(Boolean).join(" ");
  const keys = (all: { SK: { S: string } }[]): string => all.map(({ SK }) => SK.S).join(" ");
  if (RequestItems) {
    const [request] = Object.values(RequestItems as Record<string, { Keys?: { SK: { S: string } }[] } | Write[]>);
    if (!Array.isArray(request)) return `${operation} ${short(keys(request!.Keys!))}`;
    const writes = request.map((write) =>
      "PutRequest" in write ? `+${write.PutRequest.Item.SK!.S as string}` : `-${write.DeleteRequest.Key.SK.S}`,
    );
    return `${operation} ${short(writes.join(" "))}`;
  }
  if (KeyConditionExpression)
    return `${operation} ${short(
      Object.values(ExpressionAttributeValues as Record<string, { S?: string }>)
        .map(({ S }) => S)
        .join(" "),
    )}`;
  const key = (Key ?? Item) as { PK: { S: string }; SK: { S: string } } | undefined;
  return `${operation} ${key ? `${key.PK.S} ${key.SK.S} ${short(condition)}` : ""}`;
}
