import { inject } from "vitest";
import type { SaverOptions } from "../savers/harness.js";
import { itemsOf } from "./raw-table.js";
import { objectKeys } from "./s3-client.js";
import { frameOf, segmentsOfWrites } from "./stored-format.js";
import { isCheckpoint, isTombstone, isWrites } from "./sort-keys.js";

/**
 * Marks what the checkpoints and writes of a thread refer to, and sweeps the rest of the table and the bucket: what is
 * left over. Looks only at what can be read: not compressed and not encrypted.
 */
export async function garbageOf({ keyPrefix, s3 }: Partial<SaverOptions>, threadId: string): Promise<string[]> {
  // What was removed leaves a tombstone, which expires.
  const items = (await itemsOf(keyPrefix!, threadId)).filter((item) => !isTombstone(item));
  const checkpoints = items.filter(isCheckpoint);
  const writes = items.filter((item) => isWrites(item));
  const used = new Set([
    ...checkpoints.flatMap((item) => [...frameOf(item).segments.values()].flat()),
    ...writes.flatMap((item) => segmentsOfWrites(item)),
  ]);
  const parts = items.map(({ SK }) => SK!.S!).filter((sortKey) => /^[SP]#/.test(sortKey));
  const pointed = new Set(parts.map((sortKey) => sortKey.split("#").slice(1, 3).join("-")));
  const prefixes = new Set(checkpoints.map(({ SK }) => SK!.S!.replace(/~[\w-]*$/, "")));
  return [
    ...parts.filter((sortKey) => !used.has(sortKey.split("#").slice(1, 3).join("#"))),
    ...writes.map(({ SK }) => SK!.S!).filter((sortKey) => !prefixes.has(sortKey.replace(/W#.*/, ""))),
    ...(s3
      ? (await objectKeys(inject("s3"), s3.prefix ?? "")).filter(
          (key) => !pointed.has(key.slice(key.lastIndexOf("/") + 1)),
        )
      : []),
  ];
}
