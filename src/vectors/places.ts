import { sha256Name } from "../aws/sha256.js";

/*
 * Which vectors are an item's, and how a namespace is asked for with all below it.
 *
 * A vector's key is a hash, because it has 1,024 characters and a namespace with its key 40,000. Its metadata that
 * cannot be filtered keeps the whole of both. A filter of S3 Vectors knows no beginning of a text in every index, but
 * it knows whether a list has a text: so the metadata that can be filtered lists the namespace and all above it, each
 * as a short hash. 101 of them take 1,500 bytes of the 2,048 that there are. Two namespaces with one hash cost time
 * only, because what is found is compared with what was asked for.
 */

/** Key of the metadata that lists the namespace and those above it, up to that of all. */
export const PREFIXES = "prefixes";
/** Key of the metadata that says which item a vector belongs to. */
export const ITEM = "item";

/** As many as a namespace of the store has. */
export const MAX_LABELS = 100;
/** "Total metadata per vector" is 40 KB, and {@link PREFIXES} takes at most 2 of them. */
export const MAX_ITEM_BYTES = 38_000;

const PREFIX_CHARACTERS = 12;

/** The keys of an item's vectors, of which there are `count` at most. */
export async function vectorKeys(
  keyPrefix: string,
  namespace: readonly string[],
  key: string,
  count: number,
): Promise<string[]> {
  const name = await sha256Name(JSON.stringify([keyPrefix, namespace, key]));
  return Array.from({ length: count }, (_, i) => `${name}.${i}`);
}

/** What stands for a namespace in the lists of those below it. */
export const prefixName = async (keyPrefix: string, labels: readonly string[]): Promise<string> =>
  (await sha256Name(JSON.stringify([keyPrefix, labels]))).slice(0, PREFIX_CHARACTERS);

/** The namespace's own, and of all above it. */
export const prefixNames = (keyPrefix: string, labels: readonly string[]): Promise<string[]> =>
  Promise.all([...labels, ""].map((_, depth) => prefixName(keyPrefix, labels.slice(0, depth))));

export const itemText = (namespace: readonly string[], key: string): string => JSON.stringify([namespace, key]);

/** The item of a vector; `undefined` where a stranger has put it. */
export function itemOf(metadata: unknown): { namespace: string[]; key: string } | undefined {
  const text = (metadata as Record<string, unknown> | undefined)?.[ITEM];
  if (typeof text !== "string") return undefined;
  try {
    const [namespace, key] = JSON.parse(text) as [unknown, unknown];
    if (typeof key !== "string" || !Array.isArray(namespace)) return undefined;
    return namespace.every((label) => typeof label === "string") ? { namespace, key } : undefined;
  } catch {
    return undefined;
  }
}
