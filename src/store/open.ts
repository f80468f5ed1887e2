import type { Item, SearchItem, SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import { emit } from "../aws/client/events.js";
import type { Item as TableItem } from "../aws/dynamodb/items.js";
import { DynamoDBSaverError, StoreDataError } from "../errors.js";
import { DATA } from "../format/attributes.js";
import { damaged, FormatError } from "../format/format-error.js";
import { textOfKey } from "../format/keys.js";
import { deserialized, type Serialized } from "../format/serde/serialized.js";
import { isLive, timesOf, WHOLE, wholeOf } from "./entries/attributes.js";
import { asFormatError, isSameVersion, MAX_READS, readParts, type Unreadable } from "./entries/parts.js";
import { renewalOf, renewEntry } from "./entries/renew.js";
import { certainItemKey, itemKeyOf } from "./namespaces.js";
import type { Found, Opened, StoreStorage } from "./storage.js";

/**
 * The values of items that were read, in their order and in rows of some megabytes; `undefined` where an item was
 * deleted meanwhile, and an error where it cannot be read.
 */
export async function* openRows(
  storage: StoreStorage,
  found: Found[],
): AsyncGenerator<(Opened | DynamoDBSaverError | undefined)[], void, undefined> {
  let at = 0;
  for await (const parts of readParts(
    storage.entries.backend,
    found.map(({ item }) => item),
    DATA,
    storage.maxValueBytes,
  )) {
    const row = found.slice(at, (at += parts.length));
    yield await Promise.all(row.map((one, i) => openOne(storage, one, parts[i]!, 1)));
  }
}

/** Counts the values that one call gives back. */
export class Bounds {
  #bytes = 0;

  constructor(private readonly storage: StoreStorage) {}

  /** @throws StoreDataError `VALUE_TOO_LARGE` where that is too much for one call */
  async add(opened: Opened): Promise<void> {
    this.#bytes += opened.bytes;
    const problem = this.storage.entries.backend.codec.problemOf(this.#bytes);
    if (problem) throw await dataError(opened, problem);
  }
}

/**
 * Whether a search has an item. One that cannot be read is left out, so that it harms only itself.
 *
 * @param skipped the items of which that was said already
 */
export function isReadable(
  { onEvent }: StoreStorage,
  { item }: Found,
  one: Opened | DynamoDBSaverError | undefined,
  skipped: Set<string>,
): one is Opened {
  if (!(one instanceof DynamoDBSaverError)) return one !== undefined;
  if (skipped.has(textOfKey(item))) return false;
  skipped.add(textOfKey(item));
  const message = `An item cannot be read (${one.code}) and is left out of what a search finds. A get of it says more.`;
  emit(onEvent, { type: "warning", code: "ITEM_SKIPPED", message });
  return false;
}

async function dataError({ namespace, item }: Found, { code, message, cause }: FormatError): Promise<StoreDataError> {
  return new StoreDataError(code, message, namespace.labels, await itemKeyOf(item.SK.S, wholeOf(item)), { cause });
}

async function openOne(
  storage: StoreStorage,
  { namespace, item }: Found,
  part: Serialized | Unreadable,
  reads: number,
): Promise<Opened | DynamoDBSaverError | undefined> {
  if (part instanceof DynamoDBSaverError) return part;
  const { entries, serde, maxValueBytes } = storage;
  const opened = part instanceof FormatError ? part : await openItem(serde, item, part).catch(asFormatError);
  if (!(opened instanceof FormatError)) return { namespace, item, ...opened };
  const problem = opened;
  // Another put may have come between, and deleted the segments of what it replaced.
  const again =
    problem.code === "MISSING_DATA" && reads < MAX_READS
      ? await entries.backend.db.getItem({ PK: item.PK, SK: item.SK }, true, WHOLE)
      : item;
  if (!isLive(again)) return undefined;
  if (isSameVersion(again, item)) return dataError({ namespace, item }, problem);
  for await (const [readAgain] of readParts(entries.backend, [again], DATA, maxValueBytes))
    return openOne(storage, { namespace, item: again }, readAgain!, reads + 1);
  return undefined;
}

/**
 * @throws FormatError for what no put has stored, too: callers rely on a value that is an object, on its times and on
 * its key
 */
async function openItem(
  serde: SerializerProtocol,
  item: TableItem,
  part: Serialized,
): Promise<Omit<Opened, keyof Found>> {
  const times = timesOf(item);
  const key = await certainItemKey(item.SK.S, wholeOf(item));
  const value = await deserialized(serde, part);
  if (typeof value !== "object" || value === null) throw damaged("The value of an item is not an object");
  return { value: value as Record<string, unknown>, key, times, bytes: part.bytes.length };
}

/** An item as LangGraph has it. What is found twice shares nothing but the value. */
export const storeItem = ({ namespace, value, key, times: { createdAt, updatedAt } }: Opened): Item => ({
  value,
  key,
  namespace: [...namespace.labels],
  createdAt: new Date(createdAt),
  updatedAt: new Date(updatedAt),
});

/** @param score `undefined` where nothing was ranked, or the item has no vector */
export const searchItem = (opened: Opened, score?: number): SearchItem =>
  ({ ...storeItem(opened), score }) as SearchItem;

/**
 * With `refreshOnRead`, gives items that expire their whole life again, at most once every tenth of it. A failure costs
 * time, not the read.
 */
export async function refreshItems(storage: StoreStorage, found: Found[]): Promise<void> {
  if (!storage.refreshOnRead) return;
  await forEachAtOnce(storage.maxConcurrency, found, async ({ namespace, item }) => {
    const life = renewalOf(storage.entries, item);
    if (!life) return;
    try {
      await storage.registry.add(namespace, Date.now() * 1_000, life);
      await renewEntry(storage.entries, item, life);
    } catch {
      const message = "An item that was read could not be renewed; the next read tries again.";
      emit(storage.onEvent, { type: "warning", code: "REFRESH_FAILED", message });
    }
  });
}
