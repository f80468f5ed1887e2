import { emit, type EventListener } from "../aws/client/events.js";
import { forEachAtOnce } from "../aws/client/for-each-at-once.js";
import type { AttributeValue, Condition, Item, Key } from "../aws/dynamodb/items.js";
import { DynamoDBSaverError } from "../errors.js";
import { numberOf, stringOf } from "../format/attributes.js";
import type { FormatError } from "../format/format-error.js";
import { key } from "../format/keys.js";
import { costOfKey, costOfText } from "../format/meter.js";
import type { Backend } from "../payload/backend.js";
import { ByteLru } from "../payload/byte-lru.js";
import { isGone, livingUpdate, TTL_ATTRIBUTE, upsertLiving, type Lifetime } from "../payload/lifetime.js";
import { livingUntil } from "./emptiness.js";
import { MAX_LENGTH } from "./labels.js";
import { sweepLeftovers } from "./leftovers.js";
import {
  MAX_LABELS,
  registeredNamespace,
  registryPartition,
  registryPrefix,
  startsWith,
  type Namespace,
} from "./namespaces.js";

/*
 * Which namespaces there are. A row comes before a namespace's first item, so a namespace that holds items is always
 * listed. An instance that has seen to it need not do so again for `KNOWN_MS`. The row says until when an attempt can
 * come that relies on it (`until`). Before that it is not deleted, only marked: from `emptied` on the namespace may be
 * empty, so who meets the mark looks. A mark that is wrong costs a look.
 */

const KNOWN_MS = 5 * 60_000;
/** For a call with all its attempts, the quarter of an hour that one can arrive late, and clocks that differ. */
const MARGIN_MS = 25 * 60_000;
const KNOWN_BYTES = 512 * 1_024;
/** Looks for items side by side. */
const AT_ONCE = 20;

/** When the namespace was created, in microseconds since 1970. */
const CREATED = "created";
/** Until when an instance may think that the row is there, in milliseconds since 1970. */
const UNTIL = "until";
/** From when on the namespace may be empty, in milliseconds since 1970; below 1: it was found so. */
const EMPTIED = "emptied";

const UNNAMED =
  "A namespace's row does not keep the name that is too long for its key, so it is not listed, and left out of " +
  "searches of what is above it. A put into it mends the row.";

/** Signs of a name that no store has put there: the labels have `MAX_LENGTH` signs, and an escaped one has 5. */
const TOO_LONG = 5 * MAX_LENGTH + MAX_LABELS;

/** What a label takes in memory, besides its text. */
const LABEL_BYTES = 48;

/** All that is known of a row. */
const ROW = ["PK", "SK", CREATED, UNTIL, EMPTIED, "whole", TTL_ATTRIBUTE];

/** A namespace that is listed. */
export interface Registered {
  namespace: Namespace;
  created: number;
  until: number;
  /** As it is stored. */
  emptied: AttributeValue | undefined;
}

export class Registry {
  /** Until when the row is sure to be there: by this instance's clock, and by its ttl. */
  readonly #known = new ByteLru<{ untilMs: number; listedUntil: number }>(KNOWN_BYTES);

  constructor(
    private readonly backend: Backend,
    private readonly keyPrefix: string,
    private readonly consistentRead: boolean,
    private readonly onEvent: EventListener | undefined,
  ) {}

  /** Comes before an item is put. No request for a namespace that is known, 1 else. */
  async add({ sortKey, whole }: Namespace, stamp: number, life: Lifetime | undefined): Promise<void> {
    const known = this.#known.get(sortKey);
    const now = Date.now();
    if (known && known.untilMs > now && known.listedUntil >= (life?.needed ?? Infinity)) return;
    const set = ["#created = if_not_exists(#created, :stamp)", "#until = :until"];
    const row = {
      key: this.#rowKey(sortKey),
      set: whole === undefined ? set : [...set, "#whole = :whole"],
      names: { "#created": CREATED, "#until": UNTIL, ...(whole !== undefined && { "#whole": "whole" }) },
      values: {
        ":stamp": { N: String(stamp) },
        ":until": { N: String(now + KNOWN_MS + MARGIN_MS) },
        ...(whole !== undefined && { ":whole": { S: whole } }),
      },
    };
    const listedUntil = life?.granted ?? Infinity;
    // A row that stays, or stays longer, goes on doing so.
    await upsertLiving(listedUntil, (until) => this.backend.db.updateItem(livingUpdate(row, until)));
    this.#known.set(sortKey, { untilMs: now + KNOWN_MS, listedUntil }, sortKey.length * 2 + 100);
  }

  /** All namespaces that are `prefix` or below it, and may hold items: 1 request a MB. */
  async *under(prefix: readonly string[]): AsyncGenerator<Registered[], void, undefined> {
    const pages = this.backend.db.queryPages({
      partition: registryPartition(this.keyPrefix),
      beginsWith: registryPrefix(prefix),
      only: ROW,
      consistent: this.consistentRead,
    });
    let isSaid = false;
    for await (const page of pages) {
      const registered: Registered[] = [];
      for (const row of page) {
        if (isGone(row)) continue;
        const whole = stringOf(row, "whole");
        const isTooLong = whole !== undefined && whole.length > TOO_LONG;
        const namespace = isTooLong ? undefined : await registeredNamespace(this.keyPrefix, row.SK.S, whole);
        if (!namespace && !isSaid) {
          isSaid = true;
          emit(this.onEvent, { type: "warning", code: "ITEM_SKIPPED", message: UNNAMED });
        }
        if (!namespace || !startsWith(namespace.labels, prefix)) continue;
        const [created, until] = [numberOf(row, CREATED) ?? 0, numberOf(row, UNTIL) ?? 0];
        registered.push({ namespace, created, until, emptied: row[EMPTIED] });
      }
      yield registered;
    }
  }

  /** The namespaces below `prefix` that hold items. Besides the Queries, 1 request or 2 for each that may be empty. */
  async list(prefix: readonly string[]): Promise<string[][]> {
    const listed: string[][] = [];
    const marked: Registered[] = [];
    const meter = this.backend.codec.meter();
    for await (const page of this.under(prefix))
      for (const row of page) {
        const { labels, sortKey, whole } = row.namespace;
        try {
          meter.add(costOfKey(sortKey) + costOfText(whole) + LABEL_BYTES * labels.length);
        } catch (error) {
          const { code, message } = error as FormatError;
          throw new DynamoDBSaverError(code, message);
        }
        if (mayBeEmpty(row)) marked.push(row);
        else listed.push(row.namespace.labels);
      }
    await forEachAtOnce(AT_ONCE, marked, async (row) => {
      if (await this.settle(row)) listed.push(row.namespace.labels);
    });
    return listed;
  }

  /** Comes after an item was deleted. If it was the last one, the namespace is not listed any more. */
  async noteDeletion(namespace: Namespace, hasStayed: boolean): Promise<void> {
    const { partition, sortKey } = namespace;
    const until = await livingUntil(this.backend.db, partition);
    // Where what is left expires, the row does, too, unless it has stayed for the sake of what was deleted.
    if (until > 0 && (until === Infinity || !hasStayed)) return;
    const row = await this.#mark(sortKey, until, { condition: "attribute_exists(PK)" });
    if (until === 0 && row && (numberOf(row, UNTIL) ?? 0) < Date.now())
      await this.#remove(namespace, { condition: "#emptied = :read", ...asMarked(row[EMPTIED]!) });
  }

  /** Looks whether a namespace holds items. If not, its row is marked or removed. Who may only read goes without. */
  async settle({ namespace, until: reliedOn, emptied }: Registered): Promise<boolean> {
    const { partition, sortKey } = namespace;
    const until = await livingUntil(this.backend.db, partition);
    const asRead: Condition = emptied
      ? { condition: "#emptied = :read", ...asMarked(emptied) }
      : { condition: "attribute_exists(PK) AND attribute_not_exists(#emptied)", names: { "#emptied": EMPTIED } };
    const settling = async (): Promise<unknown> => {
      if (until === Infinity)
        return (
          emptied && this.backend.db.updateItem({ key: this.#rowKey(sortKey), update: "REMOVE #emptied", ...asRead })
        );
      if (until === 0 && reliedOn < Date.now() && (await this.#remove(namespace, asRead))) return;
      return (until > 0 || !emptied) && this.#mark(sortKey, until, asRead);
    };
    await settling().catch(() => undefined);
    return until > 0;
  }

  /** Removes a row that nobody relies on, after all that its namespace has left. */
  async #remove({ partition, sortKey }: Namespace, { condition, names, values }: Condition): Promise<boolean> {
    if (!(await sweepLeftovers(this.backend, partition, { areKept: false }))) return false;
    return this.backend.db.deleteItem(this.#rowKey(sortKey), {
      condition: `${condition ? `${condition} AND ` : ""}#until < :now`,
      names: { ...names, "#until": UNTIL },
      values: { ...values, ":now": { N: String(Date.now()) } },
    });
  }

  /** No two marks are the same, so that a request that arrives late changes none but the one that it has read. */
  async #mark(
    sortKey: string,
    untilSeconds: number,
    { condition, names, values }: Condition,
  ): Promise<Item | undefined> {
    const emptied = untilSeconds * 1_000 + Math.random();
    return this.backend.db.updatedItem(() => ({
      key: this.#rowKey(sortKey),
      update: "SET #emptied = :emptied",
      ...(condition && { condition }),
      names: { ...names, "#emptied": EMPTIED },
      values: { ...values, ":emptied": { N: emptied.toFixed(9) } },
    }));
  }

  #rowKey(sortKey: string): Key {
    return key(registryPartition(this.keyPrefix), sortKey);
  }
}

const asMarked = (emptied: AttributeValue): Condition => ({
  names: { "#emptied": EMPTIED },
  values: { ":read": emptied },
});

/** Whether a row says so, now. */
export const mayBeEmpty = ({ emptied }: Registered): boolean =>
  emptied !== undefined && !((numberOf({ emptied }, "emptied") ?? 0) > Date.now());

/** Whether a search that finds nothing in a namespace has something to say. */
export const isUnsettled = (row: Registered): boolean => !mayBeEmpty(row) || row.until < Date.now();
