import type { Item } from "../aws/dynamodb/items.js";
import { itemSize } from "./item-size.js";

/* What is read of a thread is held across pages, so nothing is held that nobody reads. */

/** Those of checkpoints and writes; `w…` are writes, and `at…` the numbers of their calls. */
const KNOWN =
  /^(PK|SK|v|n|data|parent|run|first|restored|token|over|seen|ttl|ends|void|ns|id|task|path|below|at(-\d+)?|w-?\d+)$/;

/** An item of a checkpoint or of writes, with nothing that this version does not know, of no other type. */
export const knownOf = (item: Item): Item =>
  Object.fromEntries(
    Object.entries(item).filter(
      ([name, value]) => KNOWN.test(name) && Object.values(value).every((text) => typeof text === "string"),
    ),
  ) as Item;

/** Base64 takes a third more than its bytes, and a collector leaves as much again for a while. */
const MEMORY_RATIO = 2.5;

/** What an item takes, with the objects that it is made of. */
export const bytesInMemory = (item: Item): number => MEMORY_RATIO * itemSize(item) + 100 * Object.keys(item).length;
