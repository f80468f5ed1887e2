import { emit, type EventListener } from "../../aws/client/events.js";
import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import type { AttributeValue, Item, Key } from "../../aws/dynamodb/items.js";
import { isFar } from "../../aws/dynamodb/table-clock.js";
import { DynamoDBSaverError } from "../../errors.js";
import { numberOf, stringOf } from "../../format/attributes.js";
import type { FormatError } from "../../format/format-error.js";
import { key } from "../../format/keys.js";
import { costOfKey, costOfText } from "../../format/meter.js";
import type { Backend } from "../../payload/backend.js";
import { ByteLru } from "../../payload/byte-lru.js";
import { isGone, lifetime, TTL_ATTRIBUTE, type Lifetime } from "../../payload/lifetime.js";
import { livingUntil } from "./emptiness.js";
import { MAX_LENGTH } from "../labels.js";
import { sweepLeftovers } from "../leftovers.js";
import {
  MAX_LABELS,
  registeredNamespace,
  registryPartition,
  registryPrefix,
  startsWith,
  type Namespace,
} from "../namespaces.js";
import { addRow, asMarked, CREATED, EMPTIED, markRow, UNTIL, unmarkRow } from "./rows.js";

/*
 * Which namespaces there are. A row comes before a namespace's first item, so a namespace that holds items is always
 * listed. An instance that has seen to it need not do so again for `KNOWN_MS`. The row says until when an attempt can
 * come that relies on it (`until`). Before that it is not deleted, only marked: from `emptied` on the namespace may be
 * empty, so who meets the mark looks. A mark that is wrong costs a look, and who puts something takes it away. All of
 * these times are the service's.
 */

const KNOWN_MS = 5 * 60_000;
/** For a call of `LONG_MS` with all its attempts, and the quarter of an hour that one can arrive late. */
const MARGIN_MS = 25 * 60_000;
const KNOWN_BYTES = 512 * 1_024;
/** Looks for items side by side. */
const AT_ONCE = 20;

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
  /** Whether it says that the namespace may be empty now. */
  isMarked: boolean;
}

/** What an instance knows of a row. */
interface KnownRow {
  /** Until when it is sure to be there: by the time, and by its ttl. */
  untilMs: number;
  listedUntil: number;
  /** The mark that it had. */
  emptied: AttributeValue | undefined;
}

export class Registry {
  readonly #known = new ByteLru<KnownRow>(KNOWN_BYTES);

  constructor(
    private readonly backend: Backend,
    private readonly keyPrefix: string,
    private readonly consistentRead: boolean,
    private readonly onEvent: EventListener | undefined,
  ) {}

  /** Comes before an item is put. No request for a namespace that is known, 1 else. */
  async add({ sortKey, whole }: Namespace, stamp: number, life: Lifetime | undefined): Promise<void> {
    const { clock } = this.backend.db;
    const known = this.#known.get(sortKey);
    if (known && known.untilMs > clock.now() && known.listedUntil >= (life?.needed ?? Infinity)) return;
    let [now, listedUntil] = [clock.now(), life?.granted ?? Infinity];
    const write = (): Promise<Item | undefined> =>
      addRow(this.backend.db, this.#rowKey(sortKey), {
        whole,
        stamp,
        untilMs: now + KNOWN_MS + MARGIN_MS,
        listedUntil,
      });
    let row = await write();
    // The first answer of all tells whether the time was right.
    if (isFar(clock, now)) {
      now = clock.now();
      listedUntil = lifetime(life?.ttlSeconds, now)?.granted ?? Infinity;
      row = await write();
    }
    this.#know(sortKey, { untilMs: now + KNOWN_MS, listedUntil, emptied: row?.[EMPTIED] });
  }

  #know(sortKey: string, known: KnownRow): void {
    this.#known.set(sortKey, known, sortKey.length * 2 + 150);
  }

  /** Comes after an item was put: a mark that is known is taken away, by 1 request. */
  async noteItem({ sortKey }: Namespace, life: Lifetime | undefined): Promise<void> {
    const { db } = this.backend;
    const known = this.#known.get(sortKey);
    if (!known?.emptied || !isMarked(known.emptied, db.clock.now())) return;
    this.#know(sortKey, { ...known, emptied: undefined });
    // A mark that is wrong costs those who meet it a look.
    await unmarkRow(db, this.#rowKey(sortKey), life?.needed ?? Infinity, known.emptied).catch(() => undefined);
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
        const nowMs = this.backend.db.clock.now();
        if (isGone(row, nowMs)) continue;
        const whole = stringOf(row, "whole");
        const isTooLong = whole !== undefined && whole.length > TOO_LONG;
        const namespace = isTooLong ? undefined : await registeredNamespace(this.keyPrefix, row.SK.S, whole);
        if (!namespace && !isSaid) {
          isSaid = true;
          emit(this.onEvent, { type: "warning", code: "ITEM_SKIPPED", message: UNNAMED });
        }
        if (!namespace || !startsWith(namespace.labels, prefix)) continue;
        const [created, until] = [numberOf(row, CREATED) ?? 0, numberOf(row, UNTIL) ?? 0];
        registered.push({ namespace, created, until, emptied: row[EMPTIED], isMarked: isMarked(row[EMPTIED], nowMs) });
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
        if (row.isMarked) marked.push(row);
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
    const until = await livingUntil(this.backend.db, partition, false);
    // Where what is left expires, the row does, too, unless it has stayed for the sake of what was deleted.
    if (until > 0 && (until === Infinity || !hasStayed)) return;
    const { db } = this.backend;
    const row = await markRow(db, this.#rowKey(sortKey), until, { condition: "attribute_exists(PK)" });
    const known = this.#known.get(sortKey);
    if (known) this.#know(sortKey, { ...known, emptied: row?.[EMPTIED] });
    if (row && until === 0 && this.#isOver(numberOf(row, UNTIL) ?? 0)) await this.#remove(namespace, row[EMPTIED]);
  }

  #isOver(untilMs: number): boolean {
    return untilMs < this.backend.db.clock.told();
  }

  /**
   * Looks whether a namespace holds items. If not, its row is marked or removed. Who may only read goes without.
   *
   * @param isHolding what it looked like
   */
  async settle({ namespace, until: reliedOn, emptied }: Registered, isHolding = false): Promise<boolean> {
    const { db } = this.backend;
    const row = this.#rowKey(namespace.sortKey);
    if (!isHolding && this.#isOver(reliedOn) && (await this.#remove(namespace, emptied).catch(() => false)))
      return false;
    const until = await livingUntil(db, namespace.partition, true);
    const settling = async (): Promise<unknown> => {
      if (until === 0) return emptied || markRow(db, row, until, asMarked(emptied));
      if (emptied) return unmarkRow(db, row, until, emptied);
      return until === Infinity || markRow(db, row, until, asMarked(emptied));
    };
    await settling().catch(() => undefined);
    return until > 0;
  }

  /** Removes a row as it was read, if nobody relies on it, after all that its namespace has left. */
  async #remove({ partition, sortKey }: Namespace, emptied: AttributeValue | undefined): Promise<boolean> {
    if (!(await sweepLeftovers(this.backend, partition, { areKept: false }))) return false;
    const { db } = this.backend;
    const { condition, names, values } = asMarked(emptied);
    return db.deleteItem(this.#rowKey(sortKey), {
      condition: `${condition} AND #until < :now`,
      names: { ...names, "#until": UNTIL },
      values: { ...values, ":now": { N: String(Math.floor(db.clock.told())) } },
    });
  }

  #rowKey(sortKey: string): Key {
    return key(registryPartition(this.keyPrefix), sortKey);
  }
}

/** Whether a row says that its namespace may be empty now. */
const isMarked = (emptied: AttributeValue | undefined, nowMs: number): boolean =>
  emptied !== undefined && !((numberOf({ emptied }, "emptied") ?? 0) > nowMs);
