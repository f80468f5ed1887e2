import type { Item } from "../../aws/dynamodb/items.js";
import { DATA, numberOf, stringOf } from "../../format/attributes.js";
import { endOf, ENDS, lifetime, prolong, TTL_ATTRIBUTE, type Lifetime } from "../../payload/lifetime.js";
import { renewSegments } from "../../payload/segment-writes.js";
import { BORN, createdOf, lifeOf, LISTED, sweeping, TRASH, VECTORS, VERSION } from "./attributes.js";
import type { Entries } from "./known.js";
import { partOf } from "./parts.js";
import { putPointer } from "./pointers.js";
import { sketchKey } from "./sketches.js";

/** The life that an entry gets by being read, where a tenth or more of its own is over. */
export function renewalOf({ backend }: Entries, item: Item): Lifetime | undefined {
  const life = lifetime(lifeOf(item), backend.db.clock.now());
  return life && endOf(item) <= life.needed - life.ttlSeconds / 10 ? life : undefined;
}

/** Gives an entry another life, if it is the version that was read: first to what it needs, and then to itself. */
export async function renewEntry({ backend }: Entries, item: Item, life: Lifetime): Promise<void> {
  const key = { PK: item.PK, SK: item.SK };
  let listed = numberOf(item, LISTED) ?? Infinity;
  if (listed < life.needed) await putPointer(backend.db, key, createdOf(item), (listed = life.granted));
  for (const attribute of [DATA, VECTORS]) {
    if (!(attribute in item)) continue;
    const { segments } = await partOf(backend, item, attribute, Infinity);
    if (!(await renewSegments(backend, item.PK.S, segments, life))) return;
  }
  const born = VECTORS in item ? stringOf(item, BORN) : undefined;
  if (born !== undefined && !(await prolong(backend.db, sketchKey(key, born), life.granted))) return;
  const ends = { [ENDS]: { N: String(life.needed) } };
  const { clock } = backend.db;
  const { [TTL_ATTRIBUTE]: ttl } = sweeping({ ...item, ...ends }, clock.now());
  const asRead = TRASH in item ? "#trash = :trash" : "attribute_not_exists(#trash)";
  await backend.db.updateItem({
    key,
    update: `SET #ends = :ends${listed < Infinity ? ", #listed = :listed" : ""}${ttl ? ", #ttl = :ttl" : ""}`,
    // When it is swept follows from what is to be freed.
    condition: `#ver = :ver AND #ends < :ends AND ${asRead}`,
    names: {
      "#ver": VERSION,
      "#ends": ENDS,
      "#trash": TRASH,
      ...(listed < Infinity && { "#listed": LISTED }),
      ...(ttl && { "#ttl": TTL_ATTRIBUTE }),
    },
    values: {
      ":ver": item[VERSION]!,
      ":ends": ends[ENDS],
      ...(TRASH in item && { ":trash": item[TRASH] }),
      ...(listed < Infinity && { ":listed": { N: String(listed) } }),
      ...(ttl && { ":ttl": ttl }),
    },
  });
}
