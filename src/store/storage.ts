import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { Item as TableItem } from "../aws/dynamodb/items.js";
import { emit, type EventListener } from "../aws/client/events.js";
import { DATA } from "../format/attributes.js";
import type { Backend } from "../payload/backend.js";
import { damaged, FormatError } from "../format/format-error.js";
import { goneAt, lifetime } from "../payload/lifetime.js";
import { renewSegments } from "../payload/segment-writes.js";
import { deserialized, type Serialized } from "../format/serde/serialized.js";
import { StoreDataError } from "../errors.js";
import { asFormatError, isLive, lifeOf, partOf, readParts, timesOf, VECTORS, WHOLE, wholeOf } from "./entries.js";
import { prolongEntry } from "./write-entries.js";
import { itemKeyOf, type Namespace } from "./namespaces.js";
import type { Registry } from "./registry.js";
import type { VectorIndex } from "./vector-index.js";
import type { Embedder } from "./vectors.js";

/** What the parts of a store share. Plain data and clients, no promise: safe between requests of a Worker. */
export interface StoreStorage {
  backend: Backend;
  registry: Registry;
  keyPrefix: string;
  serde: SerializerProtocol;
  embedder: Embedder | undefined;
  vectorIndex: VectorIndex | undefined;
  maxValueBytes: number;
  consistentRead: boolean;
  refreshOnRead: boolean;
  /** Requests side by side. */
  maxConcurrency: number;
  onEvent: EventListener | undefined;
}

/** An item of the table, and the namespace it belongs to. */
export interface Found {
  namespace: Namespace;
  item: TableItem;
}

/** The same, with its value. */
export interface Opened extends Found {
  value: Record<string, unknown>;
  /** Of the value as it is serialized. */
  bytes: number;
}

/** A version was replaced while its segments were read so many times: then they are lost. */
const MAX_READS = 4;

/**
 * The values of items that were read, in their order and in rows of some megabytes; `undefined` where an item was
 * deleted meanwhile.
 * @throws StoreDataError
 */
export async function* openRows(
  storage: StoreStorage,
  found: Found[],
): AsyncGenerator<(Opened | undefined)[], void, undefined> {
  let at = 0;
  for await (const parts of readParts(
    storage.backend,
    found.map(({ item }) => item),
    DATA,
    storage.maxValueBytes,
  )) {
    const row = found.slice(at, (at += parts.length));
    yield await Promise.all(row.map((one, i) => openOne(storage, one, parts[i]!, 1)));
  }
}

/**
 * All of them, for a caller that gives them back.
 * @throws StoreDataError `VALUE_TOO_LARGE` where that is too much for one call
 */
export async function openItems(storage: StoreStorage, found: Found[]): Promise<(Opened | undefined)[]> {
  const all: (Opened | undefined)[] = [];
  let bytes = 0;
  for await (const row of openRows(storage, found)) {
    for (const one of row) {
      bytes += one?.bytes ?? 0;
      const problem = one && storage.backend.codec.problemOf(bytes);
      if (problem) throw await dataError(one, problem);
      all.push(one);
    }
  }
  return all;
}

async function dataError({ namespace, item }: Found, { code, message, cause }: FormatError): Promise<StoreDataError> {
  return new StoreDataError(code, message, namespace.labels, await itemKeyOf(item.SK.S, wholeOf(item)), { cause });
}

async function openOne(
  storage: StoreStorage,
  { namespace, item }: Found,
  part: Serialized | FormatError,
  reads: number,
): Promise<Opened | undefined> {
  const { backend, serde, maxValueBytes } = storage;
  const value = part instanceof FormatError ? part : await valueOf(serde, item, part).catch(asFormatError);
  if (!(part instanceof FormatError || value instanceof FormatError))
    return { namespace, item, value, bytes: part.bytes.length };
  const problem = value as FormatError;
  // Another put may have come between, and deleted the segments of what it replaced.
  const again =
    problem.code === "MISSING_DATA" && reads < MAX_READS
      ? await backend.db.getItem({ PK: item.PK, SK: item.SK }, true, WHOLE)
      : item;
  if (!isLive(again)) return undefined;
  if (again === item) throw await dataError({ namespace, item }, problem);
  for await (const [readAgain] of readParts(backend, [again], DATA, maxValueBytes))
    return openOne(storage, { namespace, item: again }, readAgain!, reads + 1);
  return undefined;
}

/** @throws FormatError for what no put has stored, too: callers rely on a value that is an object, and on its times */
async function valueOf(serde: SerializerProtocol, item: TableItem, part: Serialized): Promise<Record<string, unknown>> {
  timesOf(item);
  const value = await deserialized(serde, part);
  if (typeof value !== "object" || value === null) throw damaged("The value of an item is not an object");
  return value as Record<string, unknown>;
}

/** With `refreshOnRead`, gives items that expire their whole life again. A failure costs time, not the read. */
export async function refreshItems(storage: StoreStorage, found: Found[]): Promise<void> {
  if (!storage.refreshOnRead) return;
  await forEachAtOnce(storage.maxConcurrency, found, (one) =>
    refresh(storage, one).catch(() =>
      emit(storage.onEvent, {
        type: "warning",
        code: "REFRESH_FAILED",
        message: "An item that was read could not be renewed; the next read tries again.",
      }),
    ),
  );
}

/**
 * At most once every tenth of its life. The listing and the segments first: while the item lives, what it needs must.
 */
async function refresh({ backend, registry, maxValueBytes }: StoreStorage, { namespace, item }: Found): Promise<void> {
  const life = lifetime(lifeOf(item));
  if (!life || goneAt(item) > life.needed - life.ttlSeconds / 10) return;
  await registry.add(namespace, Date.now() * 1_000, life);
  for (const attribute of [DATA, VECTORS]) {
    if (!(attribute in item)) continue;
    const { segments } = await partOf(backend, item, attribute, maxValueBytes);
    if (!(await renewSegments(backend, item.PK.S, segments, life))) return;
  }
  await prolongEntry(backend, item, life);
}
