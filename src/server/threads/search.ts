import { rows, type ThreadRow } from "../directory.js";
import { bodyOf, type Call } from "../call.js";
import { fieldsIn, isFields, numberIn, oneIn, textsIn, type Fields } from "../http/fields.js";
import { json } from "../http/json.js";
import { threadShape } from "../shapes/thread.js";

const STATUSES: readonly ThreadRow["status"][] = ["idle", "busy", "interrupted", "error"];
const ORDERS = ["thread_id", "status", "created_at", "updated_at"] as const;

/** Whether a value has all that is asked of it. */
export function contains(value: unknown, asked: unknown): boolean {
  if (!isFields(asked)) return JSON.stringify(value) === JSON.stringify(asked);
  return isFields(value) && Object.entries(asked).every(([name, one]) => contains(value[name], one));
}

async function found(call: Call, body: Fields): Promise<ThreadRow[]> {
  const metadata = fieldsIn(body, "metadata") ?? {};
  const status = oneIn(body, "status", STATUSES);
  const ids = textsIn(body, "ids");
  const all: ThreadRow[] = [];
  for await (const row of rows(call.scope))
    if (
      (status === undefined || row.status === status) &&
      (ids === undefined || ids.includes(row.threadId)) &&
      contains(row.metadata, metadata)
    )
      all.push(row);
  return all;
}

const valueOf = (row: ThreadRow, by: (typeof ORDERS)[number]): string | number =>
  by === "thread_id" ? row.threadId : by === "status" ? row.status : by === "created_at" ? row.created : row.updated;

export async function searchThreads(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const limit = numberIn(body, "limit", 10, call.scope.config.limits.search);
  const offset = numberIn(body, "offset", 0, Infinity);
  const by = oneIn(body, "sort_by", ORDERS) ?? "updated_at";
  const sign = oneIn(body, "sort_order", ["asc", "desc"]) === "asc" ? 1 : -1;
  const all = (await found(call, body)).sort((a, b) => {
    const [x, y] = [valueOf(a, by), valueOf(b, by)];
    return x === y ? (a.threadId < b.threadId ? -1 : 1) : (x < y ? -1 : 1) * sign;
  });
  const page = all.slice(offset, offset + limit);
  const headers = {
    "x-pagination-total": String(all.length),
    ...(offset + limit < all.length && { "x-pagination-next": String(offset + limit) }),
  };
  return json(
    page.map((row) => threadShape(row)),
    { headers },
  );
}

export async function countThreads(call: Call): Promise<Response> {
  return json((await found(call, await bodyOf(call))).length);
}
