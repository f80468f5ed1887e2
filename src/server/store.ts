import { HttpError, notFound, unfit } from "./http/http-error.js";
import { bodyOf, queryOf, type Call } from "./call.js";
import { fieldsIn, numberIn, textIn, textsIn, type Fields } from "./http/fields.js";
import type { StoreLike } from "./options.js";
import { json } from "./http/json.js";

/* The store, as far as a caller may reach it. */

const MOST = 1_000;

/** @throws HttpError 403 where nothing says which part of a store that all owners share is the caller's */
function storeOf({ scope }: Call): StoreLike {
  const { store, caller, tenant } = scope;
  if (!store) throw notFound("store");
  if (caller.owner !== undefined && tenant === "" && !caller.namespace)
    throw new HttpError(403, "The store is shared: authenticate has to give a keyPrefix or a namespace.");
  return store;
}

/** A namespace that the caller may reach. What it may not reach is not there. */
function allowed(call: Call, namespace: string[] | undefined, name: string): string[] {
  if (!namespace) throw unfit(`${name} is missing: an array of texts.`);
  const within = call.scope.caller.namespace ?? [];
  if (within.some((label, i) => namespace[i] !== label)) throw notFound("namespace");
  return namespace;
}

function keyIn(fields: Fields): string {
  const key = textIn(fields, "key");
  if (key === undefined) throw unfit("key is missing.");
  return key;
}

/** As clients know an item. */
function shape(item: object): Record<string, unknown> {
  const { createdAt, updatedAt, ...rest } = item as Fields;
  return { ...rest, created_at: createdAt, updated_at: updatedAt };
}

export async function putItem(call: Call): Promise<Response> {
  const store = storeOf(call);
  const body = await bodyOf(call);
  const value = fieldsIn(body, "value");
  if (!value) throw unfit("value is missing: an object.");
  const index = body.index === false ? false : textsIn(body, "index");
  await store.put(allowed(call, textsIn(body, "namespace"), "namespace"), keyIn(body), value, index);
  return new Response(null, { status: 204 });
}

export async function getItem(call: Call): Promise<Response> {
  const store = storeOf(call);
  const query = queryOf(call);
  const namespace = textIn(query, "namespace")?.split(".");
  const item = await store.get(allowed(call, namespace, "namespace"), keyIn(query));
  if (!item) throw notFound("item");
  return json(shape(item));
}

export async function deleteItem(call: Call): Promise<Response> {
  const store = storeOf(call);
  const body = await bodyOf(call);
  await store.delete(allowed(call, textsIn(body, "namespace"), "namespace"), keyIn(body));
  return new Response(null, { status: 204 });
}

export async function searchItems(call: Call): Promise<Response> {
  const store = storeOf(call);
  const body = await bodyOf(call);
  const filter = fieldsIn(body, "filter");
  const query = textIn(body, "query");
  const items = await store.search(allowed(call, textsIn(body, "namespace_prefix") ?? [], "namespace_prefix"), {
    limit: numberIn(body, "limit", 10, MOST),
    offset: numberIn(body, "offset", 0, Infinity),
    ...(filter && { filter }),
    ...(query !== undefined && { query }),
  });
  return json({ items: items.map(shape) });
}

export async function listNamespaces(call: Call): Promise<Response> {
  const store = storeOf(call);
  const body = await bodyOf(call);
  const suffix = textsIn(body, "suffix");
  const namespaces = await store.listNamespaces({
    prefix: allowed(call, textsIn(body, "prefix") ?? [], "prefix"),
    ...(suffix && { suffix }),
    ...((body.max_depth ?? undefined) !== undefined && { maxDepth: numberIn(body, "max_depth", 0, MOST) }),
    limit: numberIn(body, "limit", 100, MOST),
    offset: numberIn(body, "offset", 0, Infinity),
  });
  return json({ namespaces });
}
