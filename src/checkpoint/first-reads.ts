import type { AttributeValue } from "../aws/dynamodb/items.js";
import { boundsOf, claimsIn, isAbove, isUnseen, overName, seenName } from "./fence.js";
import type { Bounds, Grants, Ranked } from "./fence.js";
import { indexOf } from "../format/writes.js";
import { idTime } from "./ids.js";

/** One item of a task's writes to a checkpoint. A task can have several under one token: some came before that. */
export interface TaskWrites {
  sortKey: string;
  task: string;
  token: number;
  /** What they say of the first read, where they claim the checkpoint. */
  seen: ReadonlySet<string> | undefined;
  /** Of the writes. */
  names: readonly string[];
  /** The attributes of those that later ones of the same holder take the place of. */
  special: Readonly<Record<string, AttributeValue>>;
}

/** What of an item of an older holder was there at the first read. */
interface SeenWrites extends Pick<TaskWrites, "task" | "token" | "special"> {
  names: ReadonlySet<string>;
}

/** Of so many checkpoints one remembers the writes. */
const MAX_CHECKPOINTS = 500;

/**
 * What a holder has read first under its lease. What older holders put after that is absent to it: they are late, and
 * this one goes on from what it has seen.
 */
export class FirstReads {
  /** The latest checkpoint of each namespace, `undefined` where there was none. */
  readonly #bases = new Map<string, Ranked | undefined>();
  /** Namespaces that it has begun to put a checkpoint in. */
  readonly #put = new Set<string>();
  /** Those where one was acknowledged. */
  readonly #acknowledged = new Set<string>();
  /** Those where writes that say what was read first were. */
  readonly #told = new Set<string>();
  /** By checkpoint, and in it by the item's sort key. */
  readonly #writes = new Map<string, Map<string, SeenWrites>>();

  /** Whether something was begun that may put a checkpoint of the root's namespace into this epoch. */
  #hasBegun = false;
  #storedFrom: number | undefined;

  /** @param before what the marker said when this one was granted; unknown where another instance has acquired it */
  constructor(
    readonly token: number,
    private readonly before?: Grants,
  ) {}

  /** What a search for the latest goes by. @param marker what that says now, or has said last */
  bounds(ns: string, marker?: Grants): Bounds {
    const known = this.before ?? marker;
    const before = { ...known, token: this.before?.token ?? this.token - 1 };
    const { youngest, from } = boundsOf(before);
    if (this.#put.has(ns) || marker?.shared === this.token) return { youngest: this.token, from };
    // Leases that have stored nothing in the root's namespace may have in others.
    return { youngest: known && ns === "" ? youngest : before.token, from };
  }

  /** The latest checkpoint has been read. @returns whether for the first time */
  readLatest(ns: string, found: Ranked | undefined): boolean {
    if (this.#bases.has(ns)) return false;
    this.#bases.set(ns, found && { ...found });
    return true;
  }

  /** Whether it has, in a namespace. */
  knows(ns: string): boolean {
    return this.#bases.has(ns);
  }

  /** A checkpoint is being put. */
  put(ns: string): void {
    this.#put.add(ns);
    this.begin(ns);
  }

  /** A checkpoint is being put, or claimed. */
  begin(ns: string): void {
    if (ns === "") this.#hasBegun = true;
  }

  /** That was acknowledged. */
  stored(ns: string, id: string): void {
    (id === this.#bases.get(ns)?.id ? this.#told : this.#acknowledged).add(ns);
    if (ns === "") this.#storedFrom = idTime(id) ?? Infinity;
  }

  /** What the marker is told of the root's namespace; `undefined` where something is under way, or has failed. */
  get told(): { storedFrom: number } | "nothing" | undefined {
    if (this.#storedFrom !== undefined) return { storedFrom: this.#storedFrom };
    return this.#hasBegun ? undefined : "nothing";
  }

  /** Whether of all leases before it is known that they have ended, and what they have stored. */
  get isFirstUnknown(): boolean {
    return this.before !== undefined && this.before.since === undefined;
  }

  /** Whether a checkpoint came after the first read, by an older holder. */
  isLate(ns: string, one: Ranked): boolean {
    if (one.token >= this.token || !this.#bases.has(ns)) return false;
    const base = this.#bases.get(ns);
    return base === undefined || (one.id !== base.id && isAbove({ ...one, claimed: 0 }, base));
  }

  /** Whether writes of this token, which claim a checkpoint, came after the first read. */
  isLateClaim(ns: string, one: Ranked, claimed: number): boolean {
    if (claimed >= this.token) return false;
    const base = this.#bases.get(ns);
    return base !== undefined && one.id !== base.id && isAbove({ ...one, claimed }, base);
  }

  /**
   * Whether writes to a checkpoint say that it was the latest: until a put is acknowledged. One that has failed and is
   * there all the same is above it.
   */
  claims(ns: string, id: string): boolean {
    return !this.#acknowledged.has(ns) && this.#bases.get(ns)?.id === id;
  }

  /** The writes to a checkpoint have been read: those with lower tokens are remembered, the first time. */
  readWrites(ns: string, id: string, all: readonly TaskWrites[]): void {
    const name = nameOf(ns, id);
    if (this.#writes.has(name)) return;
    if (this.#writes.size === MAX_CHECKPOINTS) this.#writes.delete(this.#writes.keys().next().value!);
    const older = all.filter(({ token }) => token < this.token);
    const claims = claimsIn(all);
    // Of others than the latest, what was replaced is not kept.
    const isBase = this.#bases.get(ns)?.id === id;
    const seen = older.map((one): [string, SeenWrites] => {
      const { sortKey, task, token, special } = one;
      const names = one.names.filter((name) => !isUnseen(claims, { token, task, name }));
      return [sortKey, { task, token, names: new Set(names), special: isBase ? special : {} }];
    });
    this.#writes.set(name, new Map(seen));
  }

  /** Whether a write was there at the first read, or is of no older token. */
  seesWrite(ns: string, id: string, { sortKey, token }: Pick<TaskWrites, "sortKey" | "token">, name: string): boolean {
    if (token >= this.token) return true;
    const known = this.#writes.get(nameOf(ns, id));
    return known === undefined || known.get(sortKey)?.names.has(name) === true;
  }

  /** The attributes of an item of an older holder that it may have replaced since. */
  replaced(ns: string, id: string, sortKey: string): Readonly<Record<string, AttributeValue>> | undefined {
    return this.#writes.get(nameOf(ns, id))?.get(sortKey)?.special;
  }

  /**
   * What writes that claim a checkpoint of an older one say in `seen`, until some that have said so are stored;
   * `undefined` for others.
   */
  seen(ns: string, id: string): string[] | undefined {
    const base = this.#bases.get(ns);
    if (base?.id !== id || base.token >= this.token || this.#told.has(ns)) return undefined;
    const known = this.#writes.get(nameOf(ns, id));
    return known && [...known.values()].flatMap((one) => [...one.names].map((name) => seenName({ ...one, name })));
  }

  /**
   * What a checkpoint that is put under this one says in `over`; `undefined` where its writes have not been read. A
   * task whose ordinary writes were not there yet is not named, though it has others: they may come later.
   */
  over(ns: string, id: string): string[] | undefined {
    const known = this.#writes.get(nameOf(ns, id));
    const ran = known && [...known.values()].filter(({ names }) => [...names].some((name) => indexOf(name) >= 0));
    return ran && [...new Set(ran.map(({ task, token }) => overName(task, token)))];
  }
}

const nameOf = (ns: string, id: string): string => JSON.stringify([ns, id]);
