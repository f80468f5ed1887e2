import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { AttributeValue, Item, Key } from "../aws/dynamodb/items.js";
import { numberOf, stringOf } from "../format/attributes.js";
import { ByteLru } from "../payload/byte-lru.js";
import { key } from "../format/keys.js";
import { isGone, TTL_ATTRIBUTE, unlessLonger, type Lifetime } from "../payload/lifetime.js";
import {
  ITEMS,
  namespaceOf,
  NESTED_MARK,
  registeredNamespace,
  registryPartition,
  registryPrefix,
  startsWith,
  type Namespace,
} from "./namespaces.js";

/*
 * Which namespaces there are. An entry comes before a namespace's first item, so a namespace that holds items is always
 * listed. An instance that has seen to it need not do so again for `KNOWN_MS`, and so it can put an item into a
 * namespace that another instance has just emptied. Therefore an entry is never deleted at once: it is marked with the
 * time when the namespace was found empty, and who reads a marked entry looks for items. Only `REMOVABLE_MS` later,
 * when nobody can think any more that it is listed without having taken the mark away, an entry that is still marked
 * and empty is removed.
 */

const KNOWN_MS = 5 * 60_000;
/** Longer than `KNOWN_MS` by far more than a request with all its attempts takes, and clocks differ. */
const REMOVABLE_MS = 60 * 60_000;
const KNOWN_BYTES = 512 * 1_024;
/** Looks for items side by side. */
const AT_ONCE = 20;

/** When the namespace was created, in microseconds since 1970. */
const CREATED = "created";
/** When it was found empty, in milliseconds since 1970. */
const EMPTIED = "emptied";

/** All that is known of an entry. */
const ENTRY = ["PK", "SK", CREATED, EMPTIED, "whole", TTL_ATTRIBUTE];

/** A namespace that is listed. */
export interface Registered {
  namespace: Namespace;
  created: number;
  /** When it was found empty, as it is stored. */
  emptied: AttributeValue | undefined;
}

export class Registry {
  /** Until when the entry is sure to be there and not marked: by this instance's clock, and by its ttl. */
  readonly #known = new ByteLru<{ untilMs: number; listedUntil: number }>(KNOWN_BYTES);
  /** Namespaces whose mark is there. It stays for good. */
  readonly #nested = new ByteLru<true>(KNOWN_BYTES);

  constructor(
    private readonly db: DynamoDB,
    private readonly keyPrefix: string,
    private readonly consistentRead: boolean,
  ) {}

  /** Comes before an item is put. No request for a namespace that is known, 1 else, and 1 more below a new parent. */
  async add(namespace: Namespace, stamp: number, life: Lifetime | undefined): Promise<void> {
    const known = this.#known.get(namespace.sortKey);
    if (known && known.untilMs > Date.now() && known.listedUntil >= (life?.needed ?? Infinity)) return;
    const untilMs = Date.now() + KNOWN_MS;
    await Promise.all([this.#addEntry(namespace, stamp, life), this.#markParents(namespace)]);
    this.#known.set(
      namespace.sortKey,
      { untilMs, listedUntil: life?.granted ?? Infinity },
      namespace.sortKey.length * 2 + 100,
    );
  }

  async #addEntry({ sortKey, whole }: Namespace, stamp: number, life: Lifetime | undefined): Promise<void> {
    const entryKey = this.#entryKey(sortKey);
    const set = `SET #created = if_not_exists(#created, :stamp)${whole === undefined ? "" : ", #whole = :whole"}`;
    const names = { "#created": CREATED, "#emptied": EMPTIED, ...(whole !== undefined && { "#whole": "whole" }) };
    const values = { ":stamp": { N: String(stamp) }, ...(whole !== undefined && { ":whole": { S: whole } }) };
    if (!life) {
      await this.db.updateItem({
        key: entryKey,
        update: `${set} REMOVE #emptied, #ttl`,
        names: { ...names, "#ttl": TTL_ATTRIBUTE },
        values,
      });
      return;
    }
    const longer = unlessLonger(life.granted);
    const lives = {
      key: entryKey,
      update: `${set}, #ttl = :ttl REMOVE #emptied`,
      names: { ...names, ...longer.names },
      values: { ...values, ...longer.values },
      condition: longer.condition!,
    };
    // An entry that stays, or stays longer, goes on doing so.
    if (!(await this.db.updateItem(lives)))
      await this.db.updateItem({ key: entryKey, update: `${set} REMOVE #emptied`, names, values });
  }

  /** Who searches a namespace above this one meets the mark in its first page, and looks for others only then. */
  async #markParents({ labels }: Namespace): Promise<void> {
    const parents = await Promise.all(
      labels.slice(1).map((_, i) => namespaceOf(this.keyPrefix, labels.slice(0, i + 1))),
    );
    const marks = parents
      .filter(({ sortKey }) => !this.#nested.get(sortKey))
      .map(({ partition }) => key(partition, NESTED_MARK) as Item);
    if (marks.length === 0) return;
    await (marks.length === 1 ? this.db.putItem(marks[0]!) : this.db.batchPut(marks));
    for (const { sortKey } of parents) this.#nested.set(sortKey, true, sortKey.length * 2 + 100);
  }

  /** All namespaces that are `prefix` or below it, and may hold items: 1 request a MB. */
  async *under(prefix: readonly string[]): AsyncGenerator<Registered[], void, undefined> {
    const pages = this.db.queryPages({
      partition: registryPartition(this.keyPrefix),
      beginsWith: registryPrefix(prefix),
      only: ENTRY,
      consistent: this.consistentRead,
    });
    for await (const page of pages) {
      const living = page.filter((entry) => !isGone(entry));
      const registered = living.map(async (entry) => ({
        namespace: await registeredNamespace(this.keyPrefix, entry.SK.S, stringOf(entry, "whole")),
        created: numberOf(entry, CREATED) ?? 0,
        emptied: entry[EMPTIED],
      }));
      yield (await Promise.all(registered)).filter(({ namespace }) => startsWith(namespace.labels, prefix));
    }
  }

  /**
   * The namespaces below `prefix` that hold items. Besides the Queries, 1 request for each that was emptied in the last
   * hour.
   */
  async list(prefix: readonly string[]): Promise<string[][]> {
    const listed: string[][] = [];
    const marked: Pick<Registered, "namespace" | "emptied">[] = [];
    for await (const page of this.under(prefix)) {
      for (const { emptied, namespace } of page) {
        if (emptied) marked.push({ emptied, namespace });
        else listed.push(namespace.labels);
      }
    }
    await forEachAtOnce(AT_ONCE, marked, async ({ emptied, namespace }) => {
      const ifAsRead = {
        key: this.#entryKey(namespace.sortKey),
        names: { "#emptied": EMPTIED },
        values: { ":emptied": emptied! },
        condition: "#emptied = :emptied",
      };
      if (await this.#holdsItems(namespace)) {
        listed.push(namespace.labels);
        await this.db.updateItem({ ...ifAsRead, update: "REMOVE #emptied" });
      } else if ((numberOf({ [EMPTIED]: emptied! }, EMPTIED) ?? 0) < Date.now() - REMOVABLE_MS) {
        await this.db.deleteItem(ifAsRead.key, ifAsRead);
      }
    });
    return listed;
  }

  /** Comes after an item was deleted. If it was the last one, the namespace is not listed any more. */
  async noteDeletion(namespace: Namespace): Promise<void> {
    if (await this.#holdsItems(namespace)) return;
    this.#known.delete(namespace.sortKey);
    await this.db.updateItem({
      key: this.#entryKey(namespace.sortKey),
      update: "SET #emptied = :now",
      names: { "#emptied": EMPTIED },
      values: { ":now": { N: String(Date.now()) } },
      condition: "attribute_exists(PK)",
    });
  }

  async #holdsItems({ partition }: Namespace): Promise<boolean> {
    const pages = this.db.queryPages({
      partition,
      beginsWith: ITEMS,
      only: ["PK", "SK", TTL_ATTRIBUTE],
      consistent: true,
      limit: 25,
    });
    for await (const page of pages) if (page.some((item) => !isGone(item))) return true;
    return false;
  }

  #entryKey(sortKey: string): Key {
    return key(registryPartition(this.keyPrefix), sortKey);
  }
}
