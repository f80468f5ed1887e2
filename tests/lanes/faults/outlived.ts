import { expect } from "vitest";
import { threadIdOf, type Step } from "../savers/checkpoints.js";
import type { SaverOptions } from "../savers/harness.js";
import { itemsOf, type RawItem } from "../stored/raw-table.js";
import { endOf, frameOf, goneAt, segmentsOfWrites } from "../stored/stored-format.js";
import { bornOf, isCheckpoint } from "../stored/sort-keys.js";

/**
 * Whatever a checkpoint that has not ended needs is stored, and goes no sooner than it ends: the thread's marker, its
 * segments, and the ancestors that its `DeltaChannel`s are rebuilt from. Looks only at what can be read: with
 * `ttlSeconds`, not compressed and not encrypted.
 */
export async function expectOutlived(
  { keyPrefix, ttlSeconds, compression, encryption, s3 }: Partial<SaverOptions>,
  threadId: string,
  delta: string[],
): Promise<void> {
  if (ttlSeconds === undefined || compression !== "none" || encryption || s3) return;
  const items = new Map((await itemsOf(keyPrefix!, threadId)).map((item) => [item.SK!.S!, item]));
  const checkpoints = [...items].filter(
    ([, item]) => isCheckpoint(item) && item.data && endOf(item) > Date.now() / 1_000,
  );
  for (const [sortKey, item] of checkpoints) {
    for (const needed of [
      "C#$",
      ...segmentsOf(item),
      ...delta.flatMap((channel) => ancestors(items, sortKey, channel)),
    ]) {
      // Segments are known by the hash at the end of their keys.
      const found = [...items].filter(
        ([other]) => other === needed || (other.startsWith("S#") && other.endsWith(needed)),
      );
      expect(found, `${needed}, which ${sortKey} needs`).not.toEqual([]);
      for (const [other, stored] of found)
        expect(goneAt(stored), `the end of ${other}, which ${sortKey} needs`).toBeGreaterThanOrEqual(endOf(item));
    }
  }
}

/** A checkpoint that was read ends as late as one that is put now. */
export async function expectRenewed({ keyPrefix, ttlSeconds }: Partial<SaverOptions>, step: Step): Promise<void> {
  const [item] = await itemsOf(keyPrefix!, threadIdOf(step), `C##${step.checkpoint.id}#~`);
  const age = 30; // seconds that a busy machine may take from the read to here
  expect(endOf(item!), "the end of a checkpoint that was renewed").toBeGreaterThanOrEqual(
    Date.now() / 1_000 + ttlSeconds! - age,
  );
}

const segmentsOf = (item: RawItem): string[] => [...frameOf(item).segments.values()].flat();

/**
 * Sort keys of the ancestors up to the one that has the channel stored in full, with their writes, and the hashes of
 * both's segments.
 */
function ancestors(items: ReadonlyMap<string, RawItem>, sortKey: string, channel: string): string[] {
  const item = items.get(sortKey);
  if (!item || frameOf(item).channels.includes(channel) || !item.parent) return [];
  const prefix = sortKey.replace(/[^#]*#~[\w-]*$/, `${item.parent.S!}#`);
  const parentKey = `${prefix}~${bornOf(item)}`;
  const parent = items.get(parentKey);
  const writes = [...items].filter(([other]) => other.startsWith(`${prefix}W#`));
  return [
    parentKey,
    ...((parent && frameOf(parent).segments.get(channel)) ?? []),
    ...writes.flatMap(([other, write]) => [other, ...segmentsOfWrites(write, channel)]),
    ...ancestors(items, parentKey, channel),
  ];
}
