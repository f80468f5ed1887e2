import type { Item } from "../../aws/dynamodb/items.js";
import { isEmptyMark } from "../../checkpoint/incarnation.js";
import { itemSize } from "../../format/item-size.js";
import { CHECKPOINTS, parsePointer, parseSortKey, THREAD_MARKER } from "../../format/keys.js";
import type { Dropped } from "./marks.js";
import { isVoid } from "../../checkpoint/tombstone.js";
import type { TrashEntry } from "./trash.js";

/** What was freed. */
export interface PruneResult {
  /** Those that readers saw, and those that were left for others to be rebuilt from. */
  checkpoints: number;
  /** Of tasks: one may hold several writes. */
  writes: number;
  /** Parts of values, in DynamoDB. */
  segments: number;
  /** Parts of values, in S3. */
  objects: number;
  /** Of checkpoints and writes as stored, and of segments and objects before compression. */
  bytes: number;
  /** What nothing refers to any more, and a call after the grace period frees. */
  later: { segments: number; objects: number };
}

/** Whether this is the sort key of a part of a value, and not of a checkpoint or of writes. */
export const isPart = (sortKey: string): boolean => !sortKey.startsWith(CHECKPOINTS);

export function countItem(freed: PruneResult, item: Item): void {
  const sortKey = item.SK.S;
  if (isVoid(item)) return;
  if (sortKey.startsWith("S#")) freed.segments++;
  else if (parsePointer(sortKey)) freed.objects++;
  else if (sortKey.startsWith(CHECKPOINTS) && sortKey !== THREAD_MARKER)
    freed[parseSortKey(sortKey).task === undefined ? "checkpoints" : "writes"]++;
  freed.bytes += itemSize(item);
}

export function countDropped(freed: PruneResult, { writes, bytes }: Dropped): void {
  freed.checkpoints++;
  freed.writes += writes.length;
  freed.bytes += bytes;
}

export function countPart(freed: PruneResult, [sortKey, bytes]: TrashEntry): void {
  if (isEmptyMark(sortKey)) return;
  if (!isPart(sortKey)) freed[parseSortKey(sortKey).task === undefined ? "checkpoints" : "writes"]++;
  else freed[parsePointer(sortKey) ? "objects" : "segments"]++;
  freed.bytes += bytes;
}

export function countLater({ later }: PruneResult, sortKeys: string[]): void {
  for (const sortKey of sortKeys) if (isPart(sortKey)) later[parsePointer(sortKey) ? "objects" : "segments"]++;
}

export const nothing = (): PruneResult => ({
  checkpoints: 0,
  writes: 0,
  segments: 0,
  objects: 0,
  bytes: 0,
  later: { segments: 0, objects: 0 },
});

/** Adds what a thread has freed since it was added `before`. */
export function add(total: PruneResult, freed: PruneResult, before: PruneResult): void {
  for (const name of ["checkpoints", "writes", "segments", "objects", "bytes"] as const)
    total[name] += freed[name] - before[name];
  for (const name of ["segments", "objects"] as const) total.later[name] += freed.later[name] - before.later[name];
}
