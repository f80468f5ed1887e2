import { isAbove, overName, type Ranked } from "./fence.js";

/** The writes of one task to a checkpoint, under one token. */
export interface TaskWrites {
  task: string;
  token: number;
  /** Of the writes. */
  names: readonly string[];
}

/** Of a task's ordinary writes, which come all at once. */
const FIRST_WRITE = "w0";
/** Of so many checkpoints one remembers the writes. */
const MAX_CHECKPOINTS = 500;

/**
 * What a holder has read first under its lease. What older holders put after that is absent to it: they are late, and
 * this one goes on from what it has seen.
 */
export class FirstReads {
  /** The latest checkpoint of each namespace, `undefined` where there was none. */
  readonly #bases = new Map<string, Ranked | undefined>();
  /** Namespaces that it has put a checkpoint in. */
  readonly #put = new Set<string>();
  readonly #writes = new Map<string, Map<string, ReadonlySet<string>>>();

  /** @param before the highest token that there was when this one was granted */
  constructor(
    readonly token: number,
    private readonly before = token - 1,
  ) {}

  /** The highest token that may have put something in a namespace. */
  youngest(ns: string): number {
    return this.#put.has(ns) ? this.token : this.before;
  }

  /** The latest checkpoint has been read. */
  readLatest(ns: string, found: Ranked | undefined): void {
    if (!this.#bases.has(ns)) this.#bases.set(ns, found && { ...found });
  }

  get hasPut(): boolean {
    return this.#put.size > 0;
  }

  /** A checkpoint is being put. */
  put(ns: string): void {
    this.#put.add(ns);
  }

  /** Whether a checkpoint came after the first read, by an older holder. */
  isLate(ns: string, one: Ranked): boolean {
    if (one.token >= this.token || !this.#bases.has(ns)) return false;
    const base = this.#bases.get(ns);
    return base === undefined || (one.id !== base.id && isAbove(one, base));
  }

  /** Whether writes to a checkpoint say that it was the latest. */
  claims(ns: string, id: string): boolean {
    return !this.#put.has(ns) && this.#bases.get(ns)?.id === id;
  }

  /** The writes to a checkpoint have been read: those with lower tokens are remembered, the first time. */
  readWrites(ns: string, id: string, all: readonly TaskWrites[]): void {
    const name = nameOf(ns, id);
    if (this.#writes.has(name)) return;
    if (this.#writes.size === MAX_CHECKPOINTS) this.#writes.delete(this.#writes.keys().next().value!);
    const older = all.filter(({ token }) => token < this.token);
    this.#writes.set(name, new Map(older.map((one) => [overName(one.task, one.token), new Set(one.names)])));
  }

  /** Whether a write was there at the first read, or is of no older token. */
  seesWrite(ns: string, id: string, { task, token }: Omit<TaskWrites, "names">, name: string): boolean {
    if (token >= this.token) return true;
    const known = this.#writes.get(nameOf(ns, id));
    return known === undefined || known.get(overName(task, token))?.has(name) === true;
  }

  /**
   * What a checkpoint that is put under this one says in `over`; `undefined` where its writes have not been read. A
   * task whose ordinary writes were not there yet is not named, though it has others: they may come later.
   */
  over(ns: string, id: string): string[] | undefined {
    const known = this.#writes.get(nameOf(ns, id));
    return known && [...known].filter(([, names]) => names.has(FIRST_WRITE)).map(([name]) => name);
  }
}

const nameOf = (ns: string, id: string): string => JSON.stringify([ns, id]);
