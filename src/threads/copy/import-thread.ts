import { DynamoDBSaverError, invalidInput } from "../../errors.js";
import { restore, type RestoreProgress } from "./restore.js";
import { OVER, SEEN, TOKEN } from "../../checkpoint/fence.js";
import { BELOW } from "../../format/attributes.js";
import { optionalId } from "../../checkpoint/ids.js";
import { threadPartition } from "../../format/keys.js";
import { LEASE_SUFFIX } from "../../format/lease-suffix.js";
import { FORMAT, VERSION } from "./export-thread.js";
import type { SnapshotHead, SnapshotItem } from "./snapshot.js";
import type { Storage } from "../../checkpoint/storage.js";

/*
 * What an import takes of the lines of an export, and what it refuses: the file may be anybody's.
 */

/** What an attribute must be: its type and its text. */
const NUMBER = /^N:-?\d{1,38}$/;
const TEXT = /^S:/;
/** Of leases: a later one is still a number that JavaScript and DynamoDB can count on from. */
const TOKENS = /^N:\d{1,15}$/;
const BYTES = /^B:[\w+/]*={0,2}$/;
/** Of a checkpoint or a run: a UUID has its 16 bytes. */
const ID = /^(S:|B:[\w+/]{22}==$)/;

const all = (attributes: Record<string, RegExp>): ReadonlyMap<string, RegExp> =>
  new Map(Object.entries({ SK: TEXT, v: NUMBER, ttl: NUMBER, at: NUMBER, ...attributes }));

/** What each kind of item can have, by its sort key; behind `w` and `at-` stands any index. */
const KINDS: readonly [sortKeys: RegExp, attributes: ReadonlyMap<string, RegExp>][] = [
  [
    /^C#[^#]*#[^#]*#~$/,
    all({
      data: BYTES,
      ns: TEXT,
      id: TEXT,
      parent: ID,
      run: ID,
      ends: NUMBER,
      first: NUMBER,
      [TOKEN]: TOKENS,
      [OVER]: TEXT,
    }),
  ],
  [
    new RegExp(`^C#[^#]*#[^#]*#W#[^#]*#?(${LEASE_SUFFIX})?$`),
    all({ w0: BYTES, "at-0": NUMBER, n: NUMBER, path: TEXT, task: TEXT, [BELOW]: TEXT, [SEEN]: TEXT }),
  ],
  [/^S#[\w-]{43}$/, all({ data: BYTES })],
];

/** The lines of an export, in order, with or without line breaks at their ends. */
export type Lines = AsyncIterable<string> | Iterable<string>;

/** Where `importThread` stores a thread. */
export interface ImportOptions {
  /** Stores it under this id. Default: the one it had. */
  threadId?: string | undefined;
  /**
   * The `keyPrefix` of the saver that has made the export. Default: this one's. An export of another one is refused:
   * its encrypted values could be another tenant's, copied out of the table by who may not read them.
   */
  fromKeyPrefix?: string | undefined;
}

export const IMPORT_OPTIONS: readonly string[] = ["threadId", "fromKeyPrefix"] satisfies (keyof ImportOptions)[];

/** Stores a thread from its lines. */
export async function* importThread(
  storage: Storage,
  lines: Lines,
  { threadId, fromKeyPrefix = storage.keyPrefix }: ImportOptions = {},
): AsyncGenerator<RestoreProgress, RestoreProgress, undefined> {
  const newId = optionalId("threadId", threadId);
  if (typeof lines !== "object" || lines === null || !(Symbol.asyncIterator in lines || Symbol.iterator in lines)) {
    throw invalidInput(
      'importThread needs the lines of an export, for example text.split("\\n") or exportThread("1").',
    );
  }
  const reader = linesOf(lines);
  const { value: first } = await reader.next();
  const head = headOf(first);
  if (head.partition !== (await threadPartition(fromKeyPrefix, head.threadId))) {
    throw invalidInput(
      "The export was made with another keyPrefix. If you trust where it comes from, pass that one as fromKeyPrefix.",
    );
  }
  const id = newId ?? head.threadId;
  return yield* restore(storage, id, { head, items: itemsOf(reader) });
}

async function* linesOf(lines: Lines): AsyncGenerator<unknown, undefined, undefined> {
  let number = 0;
  for await (const line of lines) {
    number++;
    if (typeof line !== "string") throw invalidInput("importThread needs the lines of an export, each a string.");
    if (line.trim() === "") continue;
    try {
      yield JSON.parse(line);
    } catch {
      // Without its cause, which quotes the line.
      throw invalidInput(`Line ${number} is not JSON. Import the lines of an export as they are.`);
    }
  }
}

function headOf(line: unknown): SnapshotHead {
  const { format, version, threadId, partition, createdAt, ttl, readAt } = (line ?? {}) as Record<string, unknown>;
  if (format !== FORMAT) throw invalidInput("This is not an export of a thread: its first line says so in one.");
  if (version !== VERSION)
    throw new DynamoDBSaverError(
      "UNSUPPORTED_FORMAT",
      `The export has version ${String(version)}, which this version does not know: upgrade ` +
        "langgraph-checkpoint-dynamodb.",
    );
  const hasShape =
    [threadId, partition, createdAt].every((text) => typeof text === "string" && text !== "") &&
    // It becomes an attribute of its own.
    !isNaN(Date.parse(createdAt as string)) &&
    (ttl === undefined || Number.isSafeInteger(ttl)) &&
    Number.isSafeInteger(readAt);
  if (!hasShape) throw invalidInput("The first line of the export has been changed.");
  return { threadId, partition, createdAt, ttl, readAt } as SnapshotHead;
}

async function* itemsOf(lines: AsyncIterable<unknown>): AsyncGenerator<SnapshotItem, void, undefined> {
  let count = 0;
  for await (const line of lines) {
    const { item, external, items } = (line ?? {}) as { item?: unknown; external?: unknown; items?: unknown };
    if (items !== undefined) {
      if (items !== count) throw invalidInput(`The export has ${count} items instead of ${JSON.stringify(items)}.`);
      return;
    }
    if (!isItem(item) || !(external === undefined || (external === true && item.SK.S.startsWith("S#"))))
      throw invalidInput(`Item ${count + 1} of the export has another shape.`);
    yield { item, ...(external && { external }) };
    count++;
  }
  throw invalidInput("The export has no end: it was cut short.");
}

/**
 * Only checkpoints, writes and segments, as their keys and attributes show: the keys decide where they go in the
 * thread, and an attribute that no saver writes could hold what nobody encrypts.
 */
function isItem(item: unknown): item is SnapshotItem["item"] {
  if (typeof item !== "object" || item === null) return false;
  const sortKey = (item as { SK?: { S?: unknown } | null }).SK?.S;
  const [, allowed] = (typeof sortKey === "string" && KINDS.find(([sortKeys]) => sortKeys.test(sortKey))) || [];
  return (
    allowed !== undefined &&
    Object.entries(item).every(([name, value]) => {
      const [[type, text] = [], ...more] = Object.entries((value ?? {}) as object);
      const isText = typeof text === "string" && more.length === 0;
      return (
        isText && allowed.get(name.replace(/^(w|at-)-?\d+$/, (_, kind) => `${kind}0`))?.test(`${type}:${text}`) === true
      );
    })
  );
}
