/*
 * What is found by listing, and written often, is spread over several partitions: the index of threads, and the cache.
 */

/** How many partitions. Part of the storage format. */
export const SHARDS = 8;

/** The partition that a text belongs to. Part of the storage format. */
export const shardOf = (text: string): number => fnv1a(text) % SHARDS;

const encoder = new TextEncoder();

/** FNV-1a over the UTF-8 bytes, of 32 bits: the same for every instance, and spread over any texts. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
