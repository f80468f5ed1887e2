import type { AttributeValue, Item } from "../../aws/dynamodb/items.js";
import { DATA, numberOf, stringOf } from "../../format/attributes.js";
import { damaged } from "../../format/format-error.js";
import { isBorn } from "../../format/keys.js";
import { ENDS, isEnded, TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { latestOfEach, versionsOf } from "./calls.js";

/*
 * An entry is one item with a value of any size: what the store keeps under a key, and the cache too. What is long has
 * segments, which belong to this version of this entry alone: they carry the version's random name (`born`). An entry
 * that was deleted leaves a mark of the deletion for an hour: an item with the same key and no value.
 */

/** Vectors, beside the value. */
export const VECTORS = "vectors";
/** When the entry was created, in microseconds since 1970. */
export const CREATED = "created";
/** When it was put last, in microseconds since 1970. */
export const UPDATED = "updated";
/** For how many seconds the entry was put, so that a read can give it as many again. */
export const LIFE = "life";
/** The call that has put or deleted it. */
export const VERSION = "ver";
/** The calls whose versions were replaced last, newest first. */
export const PAST = "past";
/** The name that the segments of this version have. */
export const BORN = "born";
/** The names of replaced versions whose segments are not deleted yet. */
export const TRASH = "trash";
/** When it was deleted, in seconds since 1970. */
export const GONE = "gone";
/** Until when its order pointer lives, in seconds since 1970; absent where that stays. */
export const LISTED = "listed";

/** How an item has to be, without its keys. */
export type Attributes = Record<string, AttributeValue>;

/** All that an entry may have but its value, so that a put leaves nothing of what it replaces. */
const ABOUT = [CREATED, UPDATED, LIFE, VERSION, PAST, BORN, TRASH, GONE, LISTED, ENDS, TTL_ATTRIBUTE, "whole", "v"];

// Who bundles the saver alone has nothing of these: a bundler leaves out only what is sure to do nothing.
export const ALL = /* @__PURE__ */ [DATA, VECTORS].concat(ABOUT);

/** What a reader that does not want values asks for. */
export const WITHOUT_VALUE = /* @__PURE__ */ ["PK", "SK"].concat(ABOUT);

/** All that a reader knows of. What a stranger has put beside it is not held. */
export const WHOLE = /* @__PURE__ */ ["PK", "SK"].concat(ALL);

export const isLiveAt = (nowMs: number, item: Item | undefined): item is Item =>
  item !== undefined && !(GONE in item) && !isEnded(item, nowMs);

/** By the clock of who reads. */
export const isLive = (item: Item | undefined): item is Item => isLiveAt(Date.now(), item);

/** For an order, in which what is damaged has a place too. */
export const createdOf = (item: Item): number => numberOf(item, CREATED) ?? 0;

export const wholeOf = (item: Item): string | undefined => stringOf(item, "whole");

/** For how many seconds an entry was put, if it expires. */
export const lifeOf = (item: Item): number | undefined => numberOf(item, LIFE);

/** Behind the name of a version in {@link TRASH}: what it had expires by itself. */
const EXPIRES = "~";

/** So many puts in a row may die before they have deleted what they replaced. What older ones have left stays. */
const MAX_TRASH = 8;

/** The names of versions that an item says have segments to be deleted, as they stand there: the last ones. */
export function trashOf(item: Readonly<Attributes>): string[] {
  const names = (stringOf(item as Item, TRASH) ?? "").split(" ");
  return [...new Set(names.filter((name) => bornOf(name) && isBorn(bornOf(name))))].slice(-MAX_TRASH);
}

/** The name that the segments have of a version in {@link TRASH}. */
export const bornOf = (name: string): string => name.replace(EXPIRES, "");

export const asTrash = (names: string[]): Attributes => (names.length > 0 ? { [TRASH]: { S: names.join(" ") } } : {});

/**
 * When an entry was created and updated.
 *
 * @throws FormatError
 */
export function timesOf(item: Item): { createdAt: Date; updatedAt: Date } {
  const [createdAt, updatedAt] = [CREATED, UPDATED].map(
    (name) => new Date(Math.floor((numberOf(item, name) ?? NaN) / 1_000)),
  );
  if (isNaN(+createdAt!) || isNaN(+updatedAt!)) throw damaged("An entry has times that are none");
  return { createdAt: createdAt!, updatedAt: updatedAt! };
}

/** An attempt of a call cannot arrive later: AWS refuses signatures that are older than 15 minutes. */
const LATEST_ATTEMPT_SECONDS = 3_600;
/** So many other instances may have put or deleted something between the attempts of one call. */
const MAX_PAST = 8;

/** What every version has that takes the place of `seen`: its own name, and those that it has replaced. */
export function succession(call: string, seen: Item | undefined): Attributes {
  const past = seen ? latestOfEach(versionsOf(seen), call).slice(0, MAX_PAST).join("") : "";
  const born = seen && stringOf(seen, BORN);
  const name = born && isBorn(born) ? born + (ENDS in seen ? EXPIRES : "") : "";
  const trash = [...(seen ? trashOf(seen) : []), ...(name ? [name] : [])];
  return {
    [VERSION]: { S: call },
    ...(past && { [PAST]: { S: past } }),
    ...asTrash(trash.slice(-MAX_TRASH)),
  };
}

/**
 * When DynamoDB may sweep an item: not before the last attempt of a call has arrived that what is there holds off, and
 * not while it alone says which segments have to be deleted.
 */
export function sweeping(item: Attributes, nowMs: number): Attributes {
  const ends = numberOf(item, GONE) ?? numberOf(item, ENDS);
  if (ends === undefined || trashOf(item).some((name) => !name.endsWith(EXPIRES))) return {};
  return { [TTL_ATTRIBUTE]: { N: String(Math.max(ends, Math.ceil(nowMs / 1_000) + LATEST_ATTEMPT_SECONDS)) } };
}
