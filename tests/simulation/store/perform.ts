import type { Operation } from "@langchain/langgraph-checkpoint";
import { canonical } from "../calls/contents.js";
import type { Moment } from "../model/records.js";
import { attempt, finish, mayRefuse } from "./attempt.js";
import { begin, ttlMsOf } from "./begin.js";
import type { StoreInstance } from "./instances.js";
import { judgeItem, judgeListing, judgeSearch } from "./judge.js";
import type { Place } from "./model/model.js";
import { cacheClear, cacheGet, cacheSet } from "./perform-cache.js";
import type { BatchedOperation, PlannedPut, PlannedSearch, StoreCall, StoreCallOf } from "./plan.js";
import type { Write } from "./model/records.js";
import type { StoreWorld } from "./store-world.js";
import { FILTERS, QUERIES, textsOf, valueOf } from "./values.js";

/** Makes a call of a history, and judges what comes of it. */
export async function performStore(world: StoreWorld, call: StoreCall): Promise<void> {
  const instance = world.instances[call.by]!;
  world.globals.skewMs = instance.client.skewMs ?? 0;
  if (call.fresh) instance.restart();
  switch (call.kind) {
    case "put":
    case "delete":
    case "get":
    case "search":
      return batch(world, instance, call.n, [call], call.kind);
    case "batch":
      return batch(world, instance, call.n, call.operations, "batch");
    case "list":
      return list(world, instance, call);
    case "cacheSet":
      return cacheSet(world, instance, call);
    case "cacheGet":
      return cacheGet(world, instance, call);
    case "cacheClear":
      return cacheClear(world, instance, call);
    case "jump":
      return world.jump(call.seconds * 1_000);
    case "sweep":
      world.table.sweep(world.globals.nowMs / 1_000, () => world.random.chance(0.7));
      return world.bucket.sweep(world.globals.nowMs);
    case "settle":
      return world.settle();
  }
}

export function optionsOf({ filter, limit, offset, query }: PlannedSearch): {
  filter?: Record<string, unknown>;
  limit?: number;
  offset?: number;
  query?: string;
} {
  return {
    ...(filter !== undefined && { filter: FILTERS[filter]! }),
    ...(limit !== undefined && { limit }),
    ...(offset !== undefined && { offset }),
    ...(query !== undefined && { query: QUERIES[query]! }),
  };
}

interface Prepared {
  operation: Operation & { ttlSeconds?: number | null };
  planned: BatchedOperation;
  place?: Place;
  prefix?: string[];
  write?: Write;
}

/** One operation by its own method, or several together. */
async function batch(
  world: StoreWorld,
  instance: StoreInstance,
  n: number,
  operations: BatchedOperation[],
  kind: "put" | "delete" | "get" | "search" | "batch",
): Promise<void> {
  const { model } = world;
  const start = world.moment();
  const prepared = operations.map((planned, i) =>
    prepare(world, instance, planned, kind === "batch" ? `${n}.${i}` : String(n), n, start),
  );
  // Of several writes for one key, the last counts.
  const writes = new Map(prepared.flatMap((one) => (one.write ? [[model.register(one.place!), one] as const] : [])));
  for (const { place, write } of writes.values()) model.add(place!, write!);
  const places = prepared.flatMap(({ place }) => place ?? []);
  const made = await attempt(
    world,
    instance,
    () => make(world, instance, kind, prepared),
    () => mayRefuse(world, instance, places),
  );
  // Of a batch that fails, what is good is done.
  const outcome = made.outcome === "nothing" && operations.length > 1 ? "unknown" : made.outcome;
  for (const { write } of writes.values()) finish(write!, { ...made, outcome }, model.slackMs);
  if (made.outcome !== "acknowledged") return;
  const own = new Set([...writes.values()].map(({ write }) => write!));
  made.value.forEach((result, i) => {
    const { planned, place, prefix } = prepared[i]!;
    const context = { world, instance, name: `${instance.client.name}'s ${n}. ${planned.kind}`, ...made, own };
    if (planned.kind === "get") judgeItem(context, place!, result);
    if (planned.kind === "search") judgeSearch(context, prefix!, optionsOf(planned), result);
  });
}

function prepare(
  world: StoreWorld,
  instance: StoreInstance,
  planned: BatchedOperation,
  name: string,
  order: number,
  start: Moment,
): Prepared {
  if (planned.kind === "search") {
    const prefix = world.plan.namespaces[planned.ns]!.slice(0, planned.labels);
    return { planned, prefix, operation: { namespacePrefix: [...prefix], ...optionsOf(planned) } };
  }
  const place = world.place(instance, "store", planned);
  const at = { namespace: [...place.namespace], key: place.key };
  if (planned.kind === "get") return { planned, place, operation: at };
  if (planned.kind === "delete") {
    const nothing = { value: undefined, ttlMs: undefined, texts: [], length: 0 };
    return {
      planned,
      place,
      write: begin(instance, `${name}. delete`, start, nothing, order),
      operation: { ...at, value: null },
    };
  }
  return { planned, place, ...putOf(instance, planned, name, order, start, at) };
}

function putOf(
  instance: StoreInstance,
  planned: PlannedPut,
  name: string,
  order: number,
  start: Moment,
  at: { namespace: string[]; key: string },
): Pick<Prepared, "operation" | "write"> {
  const { ttl, index, length } = planned;
  const value = valueOf(`w${name}`, order, planned);
  const write = begin(
    instance,
    `${name}. put`,
    start,
    {
      value: { id: `w${name}`, shown: canonical(value), plain: structuredClone(value) },
      ttlMs: ttlMsOf(instance, ttl),
      texts: instance.plan.index ? textsOf(value, index) : [],
      length,
    },
    order,
  );
  return {
    write,
    operation: {
      ...at,
      value,
      ...(index !== undefined && { index: index && [index] }),
      ...(ttl !== undefined && { ttlSeconds: ttl }),
    },
  };
}

/** Makes the call, and goes on with what it was given, as callers do. */
function make(
  { plan }: StoreWorld,
  { store }: StoreInstance,
  kind: "put" | "delete" | "get" | "search" | "batch",
  prepared: Prepared[],
): Promise<unknown[]> {
  const [{ operation }] = prepared as [Prepared];
  const { namespace, key, value, index, ttlSeconds } = operation as {
    namespace: string[];
    key: string;
    value: Record<string, unknown>;
    index?: false | string[];
    ttlSeconds?: number | null;
  };
  const one = async (call: Promise<unknown>): Promise<unknown[]> => [await call];
  const { namespacePrefix, ...search } = operation as { namespacePrefix: string[] };
  const made =
    kind === "put"
      ? one(store.put(namespace, key, value, index, ttlSeconds === undefined ? {} : { ttlSeconds }))
      : kind === "delete"
        ? one(store.delete(namespace, key))
        : kind === "get"
          ? one(store.get(namespace, key))
          : kind === "search"
            ? one(store.search(namespacePrefix, search))
            : store.batch(prepared.map((each) => each.operation));
  if (plan.reuses) for (const each of prepared) reuse(each.operation as Parameters<typeof reuse>[0]);
  return made;
}

function reuse(operation: { namespace?: string[]; namespacePrefix?: string[]; value?: Record<string, unknown> }): void {
  if (operation.value) Object.assign(operation.value, { id: "reused", title: "reused" });
  if (operation.namespace) operation.namespace[0] = "reused";
  if (operation.namespacePrefix) operation.namespacePrefix[0] = "reused";
}

async function list(world: StoreWorld, instance: StoreInstance, call: StoreCallOf<"list">): Promise<void> {
  const { ns, labels, from, maxDepth, limit } = call;
  const all = ns === undefined ? undefined : world.plan.namespaces[ns]!;
  const path = all && (from === "prefix" ? all.slice(0, labels) : all.slice(-labels));
  const options = {
    ...(path && { [from]: path }),
    ...(maxDepth !== undefined && { maxDepth }),
    ...(limit !== undefined && { limit }),
  };
  const made = await attempt(world, instance, () => instance.store.listNamespaces(options));
  if (made.outcome !== "acknowledged") return;
  const name = `${instance.client.name}'s ${call.n}. list`;
  judgeListing({ world, instance, name, ...made, own: new Set() }, options, made.value);
}
