import type { Operation, SearchItem } from "@langchain/langgraph-checkpoint";
import { invalidInput } from "../errors.js";
import { readEntries } from "./entries.js";
import { storeItem } from "./items.js";
import { listNamespaces } from "./list-namespaces.js";
import { itemPlace, namespaceOf, type Namespace } from "./namespaces.js";
import { checkOperation, type CheckedOperation } from "./operations.js";
import { search } from "./search.js";
import { openItems, refreshItems, type Found, type StoreStorage } from "./storage.js";
import { prepareWrites, writeAll, type Stamps } from "./writes.js";

/**
 * Runs operations together, as `DynamoDBStore.batch` says.
 *
 * @returns what each gives, in their order: a put gives `null`
 * @throws DynamoDBSaverError `INVALID_INPUT` before anything is sent
 */
export async function runBatch(
  storage: StoreStorage,
  operations: readonly Operation[],
  ttlSeconds: number | undefined,
  stamps: Stamps,
): Promise<unknown[]> {
  if (!Array.isArray(operations)) throw invalidInput("batch needs an array of operations.");
  const checked = operations.map((operation) => checkOperation(operation as Operation));
  const results: unknown[] = checked.map(() => null);
  const puts = checked.flatMap((one) => (one.kind === "put" ? [one.op] : []));
  // Serialized before anything is awaited: the caller goes on and may change the values. And before anything is sent.
  const writes = await prepareWrites(storage, puts, ttlSeconds, stamps);
  await Promise.all([
    getAll(storage, checked, results),
    searchAll(storage, checked, results),
    listAll(storage, checked, results),
  ]);
  await writeAll(storage, writes);
  return results;
}

async function getAll(storage: StoreStorage, checked: CheckedOperation[], results: unknown[]): Promise<void> {
  const { backend, keyPrefix, consistentRead } = storage;
  const gets = await Promise.all(
    checked
      .flatMap((one, i) => (one.kind === "get" ? [{ ...one.op, i }] : []))
      .map(async ({ namespace: labels, key, i }) => {
        const namespace = await namespaceOf(keyPrefix, labels);
        return { i, namespace, key: (await itemPlace(namespace, key)).key };
      }),
  );
  if (gets.length === 0) return;
  const distinct = new Map(gets.map(({ key, namespace }) => [key.PK.S + key.SK.S, { key, namespace }]));
  const keys = [...distinct.values()].map(({ key }) => key);
  const items = await readEntries(backend, keys, consistentRead);
  const namespaceAt = (id: string): Namespace => distinct.get(id)!.namespace;
  const found: Found[] = items.map((item) => ({ item, namespace: namespaceAt(item.PK.S + item.SK.S) }));
  const opened = (await openItems(storage, found)).filter((one) => one !== undefined);
  await refreshItems(storage, opened);
  const byKey = new Map(opened.map((one) => [one.item.PK.S + one.item.SK.S, one]));
  for (const { i, key } of gets) {
    const one = byKey.get(key.PK.S + key.SK.S);
    results[i] = one ? await storeItem(one) : null;
  }
}

async function searchAll(storage: StoreStorage, checked: CheckedOperation[], results: unknown[]): Promise<void> {
  const { embedder } = storage;
  const searches = checked.flatMap((one, i) => (one.kind === "search" ? [{ op: one.op, i }] : []));
  const queries = new Set(searches.flatMap(({ op: { query } }) => (query && embedder ? [query] : [])));
  const vectors = new Map(
    await Promise.all([...queries].map(async (query) => [query, await embedder!.embedQuery(query)] as const)),
  );
  await Promise.all(
    searches.map(async ({ op, i }) => {
      const found: SearchItem[] = await search(storage, op, vectors.get(op.query ?? ""));
      results[i] = found;
    }),
  );
}

async function listAll(storage: StoreStorage, checked: CheckedOperation[], results: unknown[]): Promise<void> {
  await Promise.all(
    checked.map(async (one, i) => {
      if (one.kind === "list") results[i] = await listNamespaces(storage.registry, one.op);
    }),
  );
}
