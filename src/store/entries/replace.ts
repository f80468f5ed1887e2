import { updateOf, type DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import { isFar } from "../../aws/dynamodb/table-clock.js";
import type { Item, Key, UpdateInput } from "../../aws/dynamodb/items.js";
import { numberOf } from "../../format/attributes.js";
import { sleep } from "../../aws/client/sleep.js";
import { AwsRequestError, changedTooOften, type DynamoDBSaverError } from "../../errors.js";
import { writeSegments } from "../../payload/segment-writes.js";
import {
  ALL,
  CREATED,
  GONE,
  isLive,
  LISTED,
  succession,
  sweeping,
  TRASH,
  VERSION,
  WHOLE,
  type Attributes,
} from "./attributes.js";
import { isOvertaken, versionsOf, wasApplied, type Call } from "./calls.js";
import { draftOf, type EntryInput } from "./draft.js";
import type { Entries } from "./known.js";
import { isSameVersion } from "./parts.js";
import { LONG_MS, pointerKey, putPointer } from "./pointers.js";
import { deleteSegments, emptyTrash, refusalOf } from "./trash.js";

/** How often to look again when others put the same entry. */
const MAX_ROUNDS = 20;
/** Each round has one winner. Who has lost waits by chance, up to twice as long each time, and at most so long. */
const LONGEST_PAUSE_MS = 5_000;

/** What became of a write. */
interface Outcome {
  isApplied: boolean;
  /** What it has replaced, if it was applied; else what it would have replaced. */
  replaced: Item | undefined;
  /** What is there now. */
  there: Item | undefined;
  refusal?: DynamoDBSaverError;
}

/**
 * Stores an entry: 1 request for a small one that is known. 1 more, before it, for the segments of a long value, and
 * side by side with that for the order pointer of a new entry. The segments of what it replaces are deleted last.
 *
 * @throws DynamoDBSaverError where what is there cannot be replaced here
 */
export async function putEntry(entries: Entries, entryKey: Key, input: EntryInput): Promise<Outcome> {
  const { backend, areOrdered } = entries;
  const { clock } = backend.db;
  const { call, life } = input;
  const { attributes, plan, beside } = await draftOf(backend, entryKey, input);
  const segments = [...plan.segments.values()].map(({ segment }) => segment);
  const hasNone = segments.length + beside.length === 0;
  let areStored = hasNone;
  let pointer: { created: number; until: number } | undefined;
  let storedAt: number | undefined;
  const store = async (isPointer: boolean, areSegments: boolean): Promise<void> => {
    storedAt ??= clock.now();
    const storing = isPointer && pointer && putPointer(backend.db, entryKey, pointer.created, pointer.until);
    await Promise.all([storing, areSegments && writeSegments(backend, plan, life, beside)]);
  };

  const successor = async (seen: Item | undefined): Promise<Attributes> => {
    const since = isLive(seen) ? numberOf(seen, CREATED) : undefined;
    const created = since ?? call.stamp;
    let listed = since === undefined ? 0 : (numberOf(seen!, LISTED) ?? Infinity);
    if (pointer?.created === created) listed = Math.max(listed, pointer.until);
    const isNew = areOrdered && listed < (life?.needed ?? Infinity);
    if (isNew) pointer = { created, until: (listed = life?.granted ?? Infinity) };
    if (isNew || !areStored) await store(isNew, !areStored);
    areStored = true;
    return {
      ...attributes,
      [CREATED]: { N: String(created) },
      ...(areOrdered && listed < Infinity && { [LISTED]: { N: String(listed) } }),
    };
  };

  const outcome = await replace(entries, entryKey, call, await firstSeen(entries, entryKey, hasNone), successor);
  const { isApplied, there, refusal } = outcome;
  // Nobody else refers to them, and none of this call's attempts can do so any more.
  if (!isApplied && areStored && !hasNone) await deleteSegments(backend, entryKey.PK.S, segments, beside);
  const isOurs = pointer !== undefined && there !== undefined && numberOf(there, CREATED) === pointer.created;
  if (pointer?.created === call.stamp && !isOurs) await backend.db.batchDelete([pointerKey(entryKey, call.stamp)]);
  if (refusal) throw refusal;
  // Where the process was stopped in between, or its clock was set, others may have taken that for left over.
  if (storedAt !== undefined && isFar(clock, storedAt, LONG_MS) && there && versionsOf(there)[0] === call.name)
    await store(isOurs, !hasNone);
  return outcome;
}

/**
 * What this instance believes is there. Segments say when they were stored, so the time has to be known: who has had no
 * answer yet asks, once.
 */
async function firstSeen(
  { known, backend: { db } }: Entries,
  entryKey: Key,
  hasNone: boolean,
): Promise<Item | undefined> {
  const seen = known.get(entryKey);
  return seen || hasNone || !Number.isNaN(db.clock.told()) ? seen : db.getItem(entryKey, true, WHOLE);
}

/**
 * Deletes an entry, and leaves a mark for an hour, also where nothing is there: an attempt of an earlier call may come
 * later. 1 request if it is known, else 2. Its order pointer is left to the caller.
 *
 * @returns what was deleted, and whether nothing of it is left: what is, a search finds by the order pointer
 */
export async function removeEntry(
  entries: Entries,
  entryKey: Key,
  call: Call,
): Promise<{ deleted: Item | undefined; isClean: boolean; there: Item | undefined }> {
  const { db } = entries.backend;
  const seen = entries.known.get(entryKey) ?? (await db.getItem(entryKey, true, WHOLE));
  // Who deletes it again, because the caller could not, finds the order pointer.
  const mark = async (old: Item | undefined): Promise<Attributes> => ({
    [GONE]: { N: String(Math.ceil(db.clock.now() / 1_000)) },
    ...(old?.[CREATED] && { [CREATED]: old[CREATED] }),
  });
  const { isApplied, replaced, there, refusal } = await replace(entries, entryKey, call, seen, mark);
  if (refusal) throw refusal;
  return { deleted: isApplied ? replaced : undefined, isClean: !(there && TRASH in there), there };
}

/**
 * Puts a version in the place of exactly the one that was seen. Where another is there, that tells what became of this
 * call: its attempts may have been applied although their answers were lost.
 */
async function replace(
  entries: Entries,
  entryKey: Key,
  call: Call,
  first: Item | undefined,
  successor: (seen: Item | undefined) => Promise<Attributes>,
): Promise<Outcome> {
  const { backend, known } = entries;
  let [seen, replaced] = [first, first];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const begun = performance.now();
    if (seen && wasApplied(call.name, seen)) return { isApplied: true, replaced, there: seen };
    replaced = seen;
    if (seen && isOvertaken(call.name, seen)) return { isApplied: false, replaced, there: seen };
    const refusal = await refusalOf(backend, seen);
    if (refusal) {
      // It may have been replaced since this instance has seen it.
      const there = round > 0 ? seen : await backend.db.getItem(entryKey, true, WHOLE);
      if (there && isSameVersion(there, seen!)) return { isApplied: false, replaced, there, refusal };
      seen = there;
      continue;
    }
    const attributes = { ...(await successor(seen)), ...succession(call.name, seen) };
    const item: Item = { ...entryKey, ...attributes, ...sweeping(attributes, backend.db.clock.now()) };
    const result = await updateOrFind(backend.db, overwriting(item, seen));
    const version = result.done ? undefined : result.there?.[VERSION];
    if (result.done || (version && "S" in version && version.S === call.name)) {
      known.note(item);
      const cleaned = await emptyTrash(entries, item, replaced);
      if (cleaned !== item) known.note(cleaned);
      return { isApplied: true, replaced, there: cleaned };
    }
    seen = result.there;
    // What was known was often old. After that, others are at it as well.
    const roundMs = performance.now() - begun;
    if (round > 0) await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, roundMs * 2 ** round));
  }
  return { isApplied: false, replaced, there: seen, refusal: changedTooOften("An item", MAX_ROUNDS) };
}

/** An update; where its condition does not hold, what is there instead. */
async function updateOrFind(
  db: DynamoDB,
  input: UpdateInput,
): Promise<{ done: true } | { done: false; there: Item | undefined }> {
  let there: Item | undefined;
  try {
    const update = { ...updateOf(input), ReturnValuesOnConditionCheckFailure: "ALL_OLD" };
    await db.call("UpdateItem", update, undefined, (item) => (there = item));
    return { done: true };
  } catch (error) {
    if (!(error instanceof AwsRequestError && error.serviceCode === "ConditionalCheckFailedException")) throw error;
    // DynamoDB says nothing where nothing is there, and embedded servers may never say it.
    return { done: false, there: there ?? (await db.getItem(input.key, true)) };
  }
}

/** Leaves nothing of what is replaced. */
function overwriting({ PK, SK, ...attributes }: Item, seen: Item | undefined): UpdateInput {
  const set = Object.keys(attributes).map((name) => `#${name} = :${name}`);
  const remove = ALL.filter((name) => !(name in attributes)).map((name) => `#${name}`);
  const version = seen?.[VERSION];
  return {
    key: { PK, SK },
    update: `SET ${set.join(", ")} REMOVE ${remove.join(", ")}`,
    condition: version ? `#${VERSION} = :seen` : `attribute_not_exists(#${VERSION})`,
    names: Object.fromEntries(ALL.map((name) => [`#${name}`, name])),
    values: {
      ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value])),
      ...(version && { ":seen": version }),
    },
  };
}
