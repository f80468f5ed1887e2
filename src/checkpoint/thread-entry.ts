import type { Item, Key } from "../aws/dynamodb/items.js";
import { key, keyPart } from "../format/keys.js";
import { shardOf } from "../format/shards.js";
import { livingUpdate, prolong, upsertLiving, type Lifetime } from "../payload/lifetime.js";
import { bornAttribute } from "./incarnation.js";
import type { Storage } from "./storage.js";
import { shardPartition } from "./thread-index.js";

/* A thread's entry in the index, for those who keep it. Readers only list. */

/** Where the entries are. */
type Index = Pick<Storage, "db" | "keyPrefix">;

/** Comes before a checkpoint without a parent, so that no thread is ever unlisted. Keeps the thread's first time. */
export async function addEntry(
  index: Index,
  threadId: string,
  born: string,
  life: Lifetime | undefined,
  created = new Date().toISOString(),
): Promise<void> {
  const { whole } = await keyPart("thread", threadId);
  const place = await entryKey(index, threadId);
  const set = [
    "created = if_not_exists(created, :now)",
    "#born = :born",
    ...(whole === undefined ? [] : ["#thread = :thread"]),
  ];
  const names = { "#born": "born", ...(whole !== undefined && { "#thread": "thread" }) };
  const values = {
    ":now": { S: created },
    ":born": bornAttribute(born).born!,
    ...(whole !== undefined && { ":thread": { S: whole } }),
  };
  await upsertLiving(life?.granted ?? Infinity, (until) =>
    index.db.updateItem(livingUpdate({ key: place, set, names, values }, until)),
  );
}

/** The entry as it is now. */
export async function entryOf(index: Index, threadId: string): Promise<Item | undefined> {
  return index.db.getItem(await entryKey(index, threadId), true);
}

/** Prolongs a thread's entry. False when it has none any more. */
export async function renewEntry(index: Index, threadId: string, life: Lifetime | undefined): Promise<boolean> {
  return prolong(index.db, await entryKey(index, threadId), life?.granted ?? Infinity);
}

async function entryKey({ keyPrefix }: Index, threadId: string): Promise<Key> {
  return key(shardPartition(keyPrefix, shardOf(threadId)), (await keyPart("thread", threadId)).text);
}
