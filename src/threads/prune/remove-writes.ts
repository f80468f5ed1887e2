import type { Item } from "../../aws/dynamodb/items.js";
import { key } from "../../format/keys.js";
import type { Storage } from "../../checkpoint/storage.js";
import { ORDER } from "../../format/write-order.js";
import { writesOfRuns } from "../../format/writes.js";

/**
 * Takes away what some runs have written to a checkpoint that stays. The item stays too, with a number: an attempt of
 * theirs that arrives late does not bring it back.
 */
export async function removeWrites(
  { db, codec, writeOrder }: Storage,
  item: Item,
  runs: ReadonlySet<unknown>,
): Promise<void> {
  for (let now: Item | undefined = item; now; now = await db.getItem(key(item.PK.S, item.SK.S), true)) {
    const removed = await writesOfRuns(codec, now, runs);
    if (removed.length === 0) return;
    const names = Object.fromEntries(removed.map((name, i) => [`#w${i}`, name]));
    const isDone = await db.updateItem({
      key: key(item.PK.S, item.SK.S),
      update: `SET #at = :at REMOVE ${Object.keys(names).join(", ")} ADD n :one`,
      names: { ...names, "#at": ORDER },
      values: { ":at": { N: writeOrder.next() }, ":one": { N: "1" }, ":n": now.n! },
      condition: "n = :n", // no call has come between
    });
    if (isDone) return;
  }
}
