import type { Key } from "../aws/dynamodb/items.js";
import { certainId, escapeId, idOf, key, shortened, unescapeId, wholeText } from "../format/keys.js";

/*
 * The keys of the store and the cache. Labels and keys are data: in a key of the table every label ends with a `/`,
 * which is escaped inside it, so that what begins with a namespace's text is that namespace or one below it.
 *
 *   {keyPrefix}N#{namespace}    a namespace: `I#{key}` its items, `O#{time}#{key}` their order, `S#…` and `P#…`
 *                               segments as a thread has them, `V#{version}#{key}` sketches of vectors
 *   {keyPrefix}NAMESPACES#0     their registry, by `N#{namespace}`
 *   {keyPrefix}X#{0..7}         the cache: `I#{namespace}#{key}`
 */

/** Bytes that an escaped namespace or key may take. Both stand in sort keys, of which DynamoDB takes 1,024. */
const MAX_BYTES = 900;
/** Of a namespace that is too long, so much at least stands in its key as it is. */
const SURE_BYTES = 840;

const encoder = new TextEncoder();

/** Labels of a namespace. */
export const MAX_LABELS = 100;

/** A namespace, as the caller gives it and as keys have it. */
export interface Namespace {
  labels: string[];
  partition: string;
  /** Its entry in the registry. */
  sortKey: string;
  /** The whole text, when the keys do not hold all of it. */
  whole: string | undefined;
}

/** What the sort keys of items begin with. */
export const ITEMS = "I#";

/**
 * As in every partition key, what is before the last `#` is the keyPrefix and a word that ends none of the other words:
 * see docs/storage.md.
 */
export const registryPartition = (keyPrefix: string): string => `${keyPrefix}NAMESPACES#0`;

/** Unambiguous for any labels, `[]` and `[""]` included. */
export const textOf = (labels: readonly string[]): string =>
  labels.map((label) => `${escapeId(label).replaceAll("/", "%2F")}/`).join("");

/** `undefined` for a text of more labels than any namespace has, before they are made. */
function labelsOf(text: string): string[] | undefined {
  const labels = text.split("/", MAX_LABELS + 2).slice(0, -1);
  return labels.length > MAX_LABELS ? undefined : labels.map((label) => unescapeId(label.replaceAll("%2F", "/")));
}

export async function namespaceOf(keyPrefix: string, labels: readonly string[]): Promise<Namespace> {
  const { text, whole } = await shortened(textOf(labels), MAX_BYTES);
  return { labels: [...labels], partition: `${keyPrefix}N#${text}`, sortKey: `N#${text}`, whole };
}

/**
 * The namespace of an entry in the registry; `undefined` for one that no store has put there, and for one that does not
 * keep the text that is too long for its key: what is there of it would be another namespace.
 */
export async function registeredNamespace(
  keyPrefix: string,
  sortKey: string,
  whole: string | undefined,
): Promise<Namespace | undefined> {
  const text = await wholeText(sortKey.slice(2), whole);
  const labels = labelsOf(text);
  return labels && textOf(labels) === text ? { labels, partition: keyPrefix + sortKey, sortKey, whole } : undefined;
}

/** What the registry's entries of all namespaces below `labels` begin with, and some others perhaps. */
export function registryPrefix(labels: readonly string[]): string {
  const text = textOf(labels);
  if (text.length * 3 <= SURE_BYTES) return `N#${text}`;
  const { read } = encoder.encodeInto(text, new Uint8Array(SURE_BYTES));
  return `N#${text.slice(0, read)}`;
}

export const startsWith = (labels: readonly string[], prefix: readonly string[]): boolean =>
  prefix.length <= labels.length && prefix.every((label, i) => label === labels[i]);

/** An item's place, and its whole key when the place does not hold all of it. */
export interface ItemPlace {
  key: Key;
  whole: string | undefined;
}

export async function itemPlace({ partition }: Namespace, itemKey: string): Promise<ItemPlace> {
  const { text, whole } = await shortened(escapeId(itemKey), MAX_BYTES);
  return { key: key(partition, ITEMS + text), whole };
}

/** The key of an item, from its sort key. @throws FormatError where it is too long for that, and the item has it not */
export const certainItemKey = (sortKey: string, whole: string | undefined): Promise<string> =>
  certainId(sortKey.slice(ITEMS.length), whole);

/** The same, or what is left of it: for errors. */
export const itemKeyOf = (sortKey: string, whole: string | undefined): Promise<string> =>
  idOf(sortKey.slice(ITEMS.length), whole);
