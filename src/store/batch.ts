import type { Operation, SearchItem } from "@langchain/langgraph-checkpoint";
import { invalidInput, DynamoDBSaverError, unreadable } from "../errors.js";
import { textOfKey } from "../format/keys.js";
import { readEntries } from "./entries/parts.js";
import { listNamespaces } from "./list-namespaces.js";
import { itemPlace, namespaceOf, type Namespace } from "./namespaces.js";
import { openRows, Bounds, refreshItems, storeItem } from "./open.js";
import { checkOperation, type CheckedOperation } from "./operations.js";
import { prepareWrites } from "./prepare.js";
import { search } from "./search/search.js";
import type { Found, Opened, StoreStorage } from "./storage.js";
import { writeAll } from "./writes.js";

/** An operation, and its place in the batch. */
type Placed<Kind extends CheckedOperation["kind"]> = {
  at: number;
  op: Extract<CheckedOperation, { kind: Kind }>["op"];
};

/** What each operation of a batch gives, or why it failed. */
class Results {
  readonly values: unknown[];
  readonly #errors = new Map<number, unknown>();

  constructor(length: number) {
    this.values = Array.from({ length }, () => null);
  }

  readonly fail = (at: number, error: unknown): void => void this.#errors.set(at, error);

  /** What all of them give. @throws what the first one that failed has thrown */
  all(): unknown[] {
    const first = this.values.findIndex((_, at) => this.#errors.has(at));
    if (first >= 0) throw this.#errors.get(first);
    return this.values;
  }
}

/**
 * Runs operations together, as `DynamoDBStore.batch` says. LangGraph puts what nodes do side by side into one batch, so
 * what is good of it is done, and then the first error is thrown.
 *
 * @returns what each gives, in their order: a put gives `null`
 */
export async function runBatch(
  storage: StoreStorage,
  operations: readonly Operation[],
  ttlSeconds: number | undefined,
): Promise<unknown[]> {
  if (!Array.isArray(operations)) throw invalidInput("batch needs an array of operations.");
  const results = new Results(operations.length);
  const checked: (CheckedOperation & { at: number })[] = [];
  for (const [at, operation] of (operations as Operation[]).entries()) {
    try {
      checked.push({ ...checkOperation(operation), at });
    } catch (error) {
      results.fail(at, unreadable("An operation", error));
    }
  }
  const of = <Kind extends CheckedOperation["kind"]>(kind: Kind): Placed<Kind>[] =>
    checked.filter((one) => one.kind === kind) as unknown as Placed<Kind>[];
  // Serialized before anything is awaited: the caller goes on and may change the values.
  const writes = await prepareWrites(storage, of("put"), ttlSeconds, results.fail);
  await Promise.all([
    getAll(storage, of("get"), results),
    searchAll(storage, of("search"), results),
    ...of("list").map(({ at, op }) => settle(results, at, () => listNamespaces(storage.registry, op))),
  ]);
  await writeAll(storage, writes, results.fail);
  return results.all();
}

async function settle(results: Results, at: number, run: () => Promise<unknown>): Promise<void> {
  try {
    results.values[at] = await run();
  } catch (error) {
    results.fail(at, error);
  }
}

async function getAll(storage: StoreStorage, gets: Placed<"get">[], results: Results): Promise<void> {
  const { entries, keyPrefix, consistentRead } = storage;
  const placed = await Promise.all(
    gets.map(async ({ at, op: { namespace: labels, key } }) => {
      const namespace = await namespaceOf(keyPrefix, labels);
      return { at, namespace, key: (await itemPlace(namespace, key)).key };
    }),
  );
  const distinct = new Map(placed.map(({ key, namespace }) => [textOfKey(key), { key, namespace }]));
  const opened = new Map<string, Opened | DynamoDBSaverError | undefined>();
  try {
    const keys = [...distinct.values()].map(({ key }) => key);
    const items = await readEntries(entries, keys, consistentRead);
    const namespaceAt = (id: string): Namespace => distinct.get(id)!.namespace;
    const found: Found[] = items.map((item) => ({ item, namespace: namespaceAt(textOfKey(item)) }));
    const bounds = new Bounds(storage);
    for await (const row of openRows(storage, found)) {
      for (const one of row) {
        const { item } = found[opened.size]!;
        if (one && !(one instanceof DynamoDBSaverError)) await bounds.add(one);
        opened.set(textOfKey(item), one);
      }
    }
    await refreshItems(
      storage,
      [...opened.values()].flatMap((one) => (one instanceof DynamoDBSaverError ? [] : (one ?? []))),
    );
  } catch (error) {
    for (const { at } of placed) results.fail(at, error);
    return;
  }
  for (const { at, key } of placed) {
    const one = opened.get(textOfKey(key));
    if (one instanceof DynamoDBSaverError) results.fail(at, one);
    else if (one) results.values[at] = storeItem(one);
  }
}

async function searchAll(storage: StoreStorage, searches: Placed<"search">[], results: Results): Promise<void> {
  const { embedder } = storage;
  // Each query is embedded once.
  const vectors = new Map<string, Promise<Float32Array>>();
  await Promise.all(
    searches.map(({ at, op }) =>
      settle(results, at, async (): Promise<SearchItem[]> => {
        const { query } = op;
        if (query && embedder && !vectors.has(query)) vectors.set(query, embedder.embedQuery(query));
        return search(storage, op, query ? await vectors.get(query) : undefined);
      }),
    ),
  );
}
