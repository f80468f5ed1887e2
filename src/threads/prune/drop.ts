import { forEachAtOnce } from "../../aws/client/for-each-at-once.js";
import { countDropped } from "./result.js";
import type { ThreadProgress, ThreadWork } from "./each-thread.js";
import { key } from "../../format/keys.js";
import { endNow } from "../../payload/lifetime.js";
import type { Marks } from "./marks.js";
import { tombstoneUntil } from "./options.js";
import { FIRST } from "../../format/attributes.js";
import { removeWrites } from "./remove-writes.js";
import { rowsOf } from "./rows.js";
import type { Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";
import { tombstone } from "../../checkpoint/tombstone.js";

const AT_ONCE = 10;

/**
 * Takes away the checkpoints that do not stay, with their writes: the newest first, each with a tombstone in its place.
 *
 * @param runs whose writes to checkpoints that stay go too
 */
export async function* dropCheckpoints(
  storage: Storage,
  thread: Thread,
  { dropped, first, hidden, unwritten }: Marks,
  runs: ReadonlySet<unknown> | undefined,
  progress: ThreadProgress,
): ThreadWork {
  const { db, frames } = storage;
  const isFirst = {
    update: "SET #first = :first",
    names: { "#first": FIRST },
    values: { ":first": { N: "1" } },
    condition: "attribute_exists(PK)",
  };
  await forEachAtOnce(AT_ONCE, first, async (key) => void (await db.updateItem({ ...isFirst, key })));
  await forEachAtOnce(AT_ONCE, hidden, (key) => endNow(db, key));
  const items = [...unwritten.values()].flatMap((task) => task.items);
  await forEachAtOnce(AT_ONCE, items, (item) => removeWrites(storage, item, runs!));
  if (dropped.size + hidden.length > 0) frames.forget(thread.id);
  for (const row of rowsOf(dropped.values())) {
    await db.batchPut(row.map(({ item }) => tombstone(key(item.PK.S, item.SK.S), tombstoneUntil(storage), item)));
    await db.batchDelete(row.flatMap(({ writes }) => writes.map((sortKey) => key(thread.partition, sortKey))));
    for (const one of row) countDropped(progress.freed, one);
    yield progress;
  }
}
