import { toBase64Url } from "../aws/base64.js";
import type { Key } from "../aws/dynamodb/items.js";
import { isBucketName, isKeyPrefix } from "../aws/s3/places.js";
import { sha256Name } from "../aws/sha256.js";
import { damaged } from "./format-error.js";
import { leaseIn, leaseSuffix, splitLease, type WriteLease } from "./lease-suffix.js";
import type { Segment } from "./value.js";

/*
 * The keys of storage format 1. Ids are data: `#` separates the parts of a key, so it and the escape sign `%`
 * are escaped inside an id, and so is a lone surrogate, which has no UTF-8 form. An id that would not fit into
 * DynamoDB's limits (2,048 bytes of partition key, 1,024 of sort key) becomes a readable beginning, `%-` and
 * the SHA-256 of the whole; an attribute then keeps it whole.
 */

/** Bytes an escaped id may take. `C#{ns}#{id}#W#{task}#{born}` stays below 1,024. */
const LIMIT = { thread: 900, namespace: 600, checkpoint: 200, task: 200 } as const;
const SHORTENED = "%-";

const encoder = new TextEncoder();

/** An id as it stands in a key. */
export interface KeyPart {
  text: string;
  /** The whole id, escaped, when `text` does not hold all of it. */
  whole: string | undefined;
}

/**
 * Ids are stored escaped wherever they stand, so that every one of them survives.
 * @param signs what has to be escaped
 */
export function escapeId(id: string, signs = /[#%\p{Cs}]/gu): string {
  return id.replace(signs, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/**
 * Checkpoints are read in the order of their keys, which has to be that of their ids. So all signs up to `%` are
 * escaped: none comes before the `#` at an id's end, nor do `#` and `%` leave their places.
 */
export const escapeCheckpointId = (id: string): string => escapeId(id, /[\0-%\p{Cs}]/gu);

export function unescapeId(text: string): string {
  return text.replace(/%([01][0-9A-F]|2[0-5]|D[0-9A-F]{3})/g, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
}

export const keyPart = (kind: keyof typeof LIMIT, id: string): Promise<KeyPart> =>
  shortened((kind === "checkpoint" ? escapeCheckpointId : escapeId)(id), LIMIT[kind]);

/** Text that is escaped already, in at most `limit` bytes. */
export async function shortened(text: string, limit: number): Promise<KeyPart> {
  // No character takes more than 3 bytes a UTF-16 unit, so most ids need no count.
  if (text.length * 3 <= limit || encoder.encode(text).length <= limit) return { text, whole: undefined };
  const hash = await sha256Name(text);
  const beginning = new Uint8Array(limit - SHORTENED.length - hash.length);
  const { read } = encoder.encodeInto(text, beginning);
  return { text: text.slice(0, read) + SHORTENED + hash, whole: text };
}

/**
 * What was perhaps shortened to `text`. `whole` is what the item keeps then. It counts only with the hash that is in
 * the key: who can write to the table does not give an item another id, and encryption, which is bound to the key, is
 * bound to all of the id.
 */
export async function wholeText(text: string, whole: string | undefined): Promise<string> {
  const at = whole === undefined ? -1 : text.lastIndexOf(SHORTENED);
  return at >= 0 && (await sha256Name(whole!)) === text.slice(at + SHORTENED.length) ? whole! : text;
}

/** The id that a part of a key stands for. */
export const idOf = async (text: string, whole: string | undefined): Promise<string> =>
  unescapeId(await wholeText(text, whole));

/** The same. @throws FormatError where the item does not keep what was shortened: another id is not its own */
export async function certainId(text: string, whole: string | undefined): Promise<string> {
  const found = await wholeText(text, whole);
  // An escaped id has no such signs.
  if (found.includes(SHORTENED)) throw damaged("An item does not keep the whole id that its key has the hash of");
  return unescapeId(found);
}

/** The key of an item. */
export const keyOf = ({ PK, SK }: Key): Key => ({ PK, SK });

/** One text for each key. */
export const textOfKey = ({ PK, SK }: Key): string => PK.S + SK.S;

export const key = (partition: string, sort: string): Key => ({ PK: { S: partition }, SK: { S: sort } });

/** One partition holds one thread. */
export async function threadPartition(keyPrefix: string, threadId: string): Promise<string> {
  return `${keyPrefix}T#${(await keyPart("thread", threadId)).text}`;
}

/** All checkpoints, of every namespace, with their writes. */
export const CHECKPOINTS = "C#";
/**
 * The thread's marker. `$` comes right after `#`, so a descending Query of the root namespace meets the marker first.
 */
export const THREAD_MARKER = `${CHECKPOINTS}$`;
/** Sort keys of lists of what nothing refers to any more start with this: `threads/prune/trash.ts` keeps them. */
export const TRASH = "G#";
/** Which checkpoint is the head of a namespace, where conflicts are rejected. */
export const headSortKey = (ns: KeyPart, born: string): string => `H#${ns.text}#${born}`;

/** Whether this can be an incarnation's name, which becomes a part of keys. */
export const isBorn = (born: unknown): born is string => typeof born === "string" && /^[\w-]{0,6}$/.test(born);

/** A name for a new incarnation. Short, because every checkpoint has it, and only those of one thread must differ. */
export const newIncarnation = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(4)));

/** What a segment is called in its thread. */
export type SegmentId = Pick<Segment, "born" | "name">;

export const segmentSortKey = ({ born, name }: SegmentId): string => `S#${born}#${name}`;

/** Pointers to the objects of a segment that lies in S3. */
export const pointersPrefix = ({ born, name }: SegmentId): string => `P#${born}#${name}#`;

/**
 * A segment and where it lies. The same bytes can lie in the table and in S3, and each copy is used, renewed and freed
 * by itself.
 */
export const segmentCopy = (segment: SegmentId & Pick<Segment, "objectDays">): string =>
  segment.objectDays === undefined ? segmentSortKey(segment) : pointersPrefix(segment);

/** Which copy of a segment the item of a sort key is, or points to. */
export const copyOf = (sortKey: string): string =>
  sortKey.split("#", 3).join("#") + (sortKey.startsWith("P") ? "#" : "");

/** A pointer is its key: where an object lies can change with the options, and each place is remembered by itself. */
export const pointerSortKey = (id: SegmentId, location: string): string => pointersPrefix(id) + location;

/**
 * Takes the sort key of a pointer apart; `undefined` for other items, and for those that only look like one: a location
 * becomes a part of the URL that a signed request goes to.
 */
export function parsePointer(sortKey: string): { id: SegmentId; location: string } | undefined {
  const [kind, born = "", name = "", location = "", ...more] = sortKey.split("#");
  const slash = location.indexOf("/");
  const isPointer = kind === "P" && isBorn(born) && /^[\w-]{43}$/.test(name) && more.length === 0 && slash > 0;
  return isPointer && isBucketName(location.slice(0, slash)) && isKeyPrefix(location.slice(slash + 1))
    ? { id: { born, name }, location }
    : undefined;
}

/** Sort keys of one namespace's checkpoints start with this. */
export const namespacePrefix = (ns: KeyPart): string => `${CHECKPOINTS}${ns.text}#`;

/** Sort keys of one checkpoint and its writes start with this. */
export const checkpointPrefix = (ns: KeyPart, id: KeyPart): string => `${namespacePrefix(ns)}${id.text}#`;

/**
 * `~` sorts after `W`: a descending Query meets a checkpoint first and then its own writes. The incarnation at the end
 * keeps a thread that was restored apart from what was deleted under the same ids: requests that arrive late are for
 * other keys.
 */
export const checkpointSortKey = (prefix: string, born: string): string => `${prefix}~${born}`;

/** Before all incarnations of a checkpoint, and behind their writes; and behind them all. */
export const checkpointRange = (prefix: string): [from: string, to: string] => [`${prefix}~`, `${prefix}~~`];

/** A checkpoint of every incarnation, with its writes. */
export const wholeCheckpointRange = (prefix: string): [from: string, to: string] => [prefix, `${prefix}~~`];

/**
 * What is put when the incarnation is not known yet has none in its key. Restored elsewhere it has one, behind an empty
 * part: so it stays apart from what its task has written later.
 *
 * @param born the incarnation of the checkpoint; `""` where that is not known yet, because its put is under way
 */
export const writesSortKey = (prefix: string, task: KeyPart, born: string, lease: WriteLease): string =>
  `${prefix}W#${task.text}${born && `#${born}`}${leaseSuffix(lease)}`;

export interface SortKeyParts extends WriteLease {
  /** Shared by a checkpoint and its writes. */
  prefix: string;
  ns: string;
  checkpoint: string;
  /** Absent for the checkpoint itself. */
  task: string | undefined;
  /** `""` if the key names none. */
  born: string;
  /** Of writes: whether they were put when the incarnation was not known yet. */
  isEarly: boolean;
}

/** What stands behind a checkpoint's prefix: of one incarnation, there is one such key of it, and few of a task. */
const PART = /^(?:~(?<living>[\w-]{0,6})|W#(?<task>[^#]*)(?:#(?<end>[\w-]{1,6})|##(?<earlyEnd>[\w-]{1,6})|#?))$/;

/**
 * Takes the sort key of a checkpoint or of writes apart; its parts are still escaped. What only looks like one is taken
 * for a checkpoint of no incarnation.
 */
export function parseSortKey(sortKey: string): SortKeyParts {
  const [key, suffix] = splitLease(sortKey);
  const [, ns = "", checkpoint = "", ...rest] = key.split("#");
  const { living, task, end, earlyEnd } = PART.exec(rest.join("#"))?.groups ?? {};
  return {
    prefix: `${CHECKPOINTS}${ns}#${checkpoint}#`,
    ns,
    checkpoint,
    task,
    born: living ?? end ?? earlyEnd ?? "",
    isEarly: task !== undefined && end === undefined,
    ...leaseIn(suffix),
  };
}

/** The incarnation that an item belongs to by its sort key; `""` if that names none. */
export function bornOfKey(sortKey: string): string {
  if (sortKey.startsWith(CHECKPOINTS)) return parseSortKey(sortKey).born;
  const [kind = "", first = "", second = ""] = sortKey.split("#");
  const born = kind === "H" ? second : /^[SP]$/.test(kind) ? first : "";
  return isBorn(born) ? born : "";
}

/**
 * The sort key of a checkpoint, of writes or of a segment without the incarnation.
 * @param end what stands in its place
 */
export function withoutBorn(sortKey: string, end = ""): string {
  const [key, suffix] = splitLease(sortKey);
  const rest = key.replace(
    /^(C#[^#]*#[^#]*#(?:~|W#[^#]*)).*|^S#[^#]*(#[^#]*)$/s,
    (_, checkpoint?: string, segment?: string) => checkpoint ?? `S${segment}`,
  );
  return rest + end + suffix;
}

/** What all writes of a task have in common, under whichever lease. */
export const taskOfKey = (sortKey: string): string => splitLease(withoutBorn(sortKey))[0];

/** The other way round. */
export function withBorn(sortKey: string, born: string): string {
  if (sortKey.startsWith("S")) return `S#${born}${sortKey.slice(1)}`;
  const [key, suffix] = splitLease(sortKey);
  return key.endsWith("#~") ? key + born : `${key}#${born}${suffix}`;
}
