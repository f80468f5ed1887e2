import { text } from "node:stream/consumers";
import { isPlainObject } from "../../checks.js";
import type { Context } from "../context.js";
import { FoundWrong, UsageError } from "../errors.js";
import { preview, valueTree } from "../inspect/values.js";
import { bold, dim } from "../text.js";
import { namespaceText } from "./namespace.js";
import { itemJson, openStore } from "./open-store.js";

type Named = [namespace: string[], key: string];

const nameOf = ([namespace, key]: Named): string => `${namespaceText(namespace)} ${JSON.stringify(key)}`;

/** Lists the namespaces that hold items. */
export async function listNamespaces(context: Context, prefix: string[], depth: number | undefined): Promise<void> {
  const { output } = context;
  const store = await openStore(context);
  const found = await store.listNamespaces({
    ...(prefix.length > 0 && { prefix }),
    ...(depth !== undefined && { maxDepth: depth }),
    limit: Number.MAX_SAFE_INTEGER,
  });
  for (const namespace of found)
    await (output.isJson ? output.json({ namespace }) : output.line(namespaceText(namespace)));
  if (found.length === 0) output.note("No namespaces.");
}

/** @throws FoundWrong when there is no such item */
export async function getItem(context: Context, name: Named): Promise<void> {
  const { output } = context;
  const item = await (await openStore(context)).get(...name);
  if (!item) {
    output.warn(`There is no item ${nameOf(name)}.`);
    if (output.isJson) await output.json(null);
    throw new FoundWrong();
  }
  if (output.isJson) return output.json(itemJson(item));
  const label = [bold(item.key), dim(`in ${namespaceText(item.namespace)}, of ${item.updatedAt.toISOString()}`)];
  await output.tree(valueTree(label, item.value, { depth: 10, parts: 100, length: 10_000 }));
}

export async function putItem(
  context: Context,
  name: Named,
  given: string | undefined,
  ttlSeconds: number | undefined,
): Promise<void> {
  const { output } = context;
  if (given === undefined && process.stdin.isTTY)
    throw new UsageError("Which value? Give it as JSON, or send it to stdin.");
  const value = objectIn(given ?? (await text(process.stdin)));
  await (await openStore(context)).put(...name, value, undefined, { ...(ttlSeconds !== undefined && { ttlSeconds }) });
  if (output.isJson) await output.json({ namespace: name[0], key: name[1] });
  else await output.line(`Stored ${nameOf(name)}.`);
}

function objectIn(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (isPlainObject(value)) return value as Record<string, unknown>;
  } catch {
    // As below: the parser's own error quotes the text.
  }
  throw new UsageError('The value must be an object as JSON, for example \'{"text": "likes tea"}\'.');
}

/** @throws FoundWrong when there is no such item */
export async function deleteItem(context: Context, name: Named, yes: boolean | undefined): Promise<void> {
  const { output, options } = context;
  const store = await openStore(context);
  const isThere = (await store.get(...name)) !== null;
  if (!isThere) output.warn(`There is no item ${nameOf(name)}.`);
  else if (!(await output.confirm(`Delete the item ${nameOf(name)} of ${options.tableName}?`, yes))) {
    output.note("Nothing was deleted.");
    return;
  } else await store.delete(...name);
  if (output.isJson) await output.json({ namespace: name[0], key: name[1], deleted: isThere });
  else if (isThere) await output.line(`Deleted ${nameOf(name)}.`);
  if (!isThere) throw new FoundWrong();
}

interface SearchOptions {
  filter?: string;
  limit: number;
  offset: number;
}

/** Shows the items of a namespace and of those below it, the oldest first. */
export async function searchItems(
  context: Context,
  prefix: string[],
  { filter, limit, offset }: SearchOptions,
): Promise<void> {
  const { output } = context;
  const store = await openStore(context);
  const found = await store.search(prefix, {
    ...(filter !== undefined && { filter: objectIn(filter) }),
    limit,
    offset,
  });
  if (output.isJson) {
    for (const item of found) await output.json(itemJson(item));
    return;
  }
  await output.table(
    [{ title: "namespace" }, { title: "key" }, { title: "updated", whole: true }, { title: "value" }],
    found.map(({ namespace, key, updatedAt, value }) => [
      namespaceText(namespace),
      key,
      dim(updatedAt.toISOString().replace(/\.\d+Z$/, "Z")),
      preview(value),
    ]),
  );
  if (found.length === 0) output.note("No items.");
  else if (found.length === limit)
    output.note(dim(`The first ${limit}. For those behind them: --offset ${offset + limit}`));
}
