import type { Item } from "../../aws/dynamodb/items.js";
import { changedTooOften } from "../../errors.js";
import { key } from "../../format/keys.js";
import type { Storage } from "../../checkpoint/storage.js";
import { callsOf, ORDER } from "../../format/write-order.js";
import { attributeOf, writesOfRuns } from "../../format/writes.js";

/** How often to look again when calls for the same task come between. */
const MAX_ROUNDS = 10;

/**
 * Takes away what some runs have written to a checkpoint that stays. The item stays too, with a number: an attempt of
 * theirs that arrives late does not bring it back.
 */
export async function removeWrites(
  { db, codec, writeOrder }: Storage,
  item: Item,
  runs: ReadonlySet<unknown>,
): Promise<void> {
  let now: Item | undefined = item;
  for (let round = 0; now; now = await db.getItem(key(item.PK.S, item.SK.S), true)) {
    if (round++ === MAX_ROUNDS) throw changedTooOften("The writes of one task", MAX_ROUNDS);
    const removed = await writesOfRuns(codec, now, runs);
    if (removed.length === 0) return;
    const names = Object.fromEntries(removed.map(({ index }, i) => [`#w${i}`, attributeOf(index)]));
    const isDone = await db.updateItem({
      key: key(item.PK.S, item.SK.S),
      update: `SET #at = :at REMOVE ${Object.keys(names).join(", ")} ADD n :one`,
      names: { ...names, "#at": ORDER },
      values: { ":at": { N: writeOrder.next() }, ":one": { N: "1" }, ":n": callsOf(now) },
      condition: "n = :n", // no call has come between
    });
    if (isDone) return;
  }
}
