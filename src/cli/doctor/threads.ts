import type { Item } from "../../aws/dynamodb/items.js";
import { stringOf } from "../../format/attributes.js";
import { key, idOf, THREAD_MARKER } from "../../format/keys.js";
import { isGone } from "../../payload/lifetime.js";
import { type Storage } from "../../checkpoint/storage.js";
import { threadOf } from "../../checkpoint/refs.js";
import { SHARDS, shardOf } from "../../format/shards.js";
import { PROGRAM } from "../help.js";
import { ok, reported, warning, wrong, type Check, type Finding } from "./finding.js";
import type { Subject } from "./subject.js";

/** How many entries of each part of the list are looked at: enough to see what is common, few enough for any table. */
const SAMPLE = 12;
/** How many threads' latest state is read. */
const READ = 3;
/** A thread that is being stored has its entry before its marker is seen by everyone, and one being deleted after. */
const SETTLED_MS = 10 * 60_000;

/** Whether the list of threads and the threads agree, and the latest state of a few can be read. */
export async function* checkThreads(subject: Subject): Check {
  try {
    const entries = await sample(subject.storage);
    if (entries.length === 0) {
      yield ok("threads", "There are no threads yet.");
      return true;
    }
    const misplaced = entries.filter(({ threadId, shard }) => shardOf(threadId) !== shard);
    const empty = await withoutThread(
      subject.storage,
      entries.filter((entry) => !misplaced.includes(entry)),
    );
    if (misplaced.length > 0)
      yield wrong(
        "threads",
        `${misplaced.length} of ${entries.length} entries of the list are in the wrong place, so deleting their ` +
          "threads leaves them.",
        "Somebody else has written to this table. Give the saver a table of its own.",
      );
    if (empty.length > 0)
      yield warning(
        "threads",
        `${empty.length} of ${entries.length} entries of the list name threads that are not there, such as ` +
          `${JSON.stringify(empty[0])}.`,
        `A process ended while it stored or deleted them. To remove one: ${PROGRAM} delete ID --yes`,
      );
    if (misplaced.length + empty.length === 0)
      yield ok("threads", `${entries.length} entries of the list were looked at, and name threads that are there.`);
    const there = entries.map(({ threadId }) => threadId).filter((threadId) => !empty.includes(threadId));
    if (there.length > 0) yield await readable(subject, there.slice(0, READ));
  } catch (error) {
    yield wrong("threads", reported(error).message, "The checks above say what is missing.");
  }
  return true;
}

interface Entry {
  threadId: string;
  shard: number;
  createdAt: string;
}

async function sample({ db, keyPrefix }: Storage): Promise<Entry[]> {
  const shards = Array.from({ length: SHARDS }, async (_, shard) => {
    const { items } = await db.query({ partition: `${keyPrefix}THREADS#${shard}`, limit: SAMPLE });
    const toEntry = async (item: Item): Promise<Entry> => ({
      threadId: await idOf(item.SK.S, stringOf(item, "thread")),
      shard,
      createdAt: stringOf(item, "created") ?? "",
    });
    return Promise.all(items.filter((item) => !isGone(item)).map(toEntry));
  });
  return (await Promise.all(shards)).flat();
}

/** Those entries whose threads have been missing for a while. */
async function withoutThread(storage: Storage, entries: Entry[]): Promise<string[]> {
  const threads = await Promise.all(
    entries.map(async (entry) => ({ ...entry, ...(await threadOf(storage, entry.threadId)) })),
  );
  const markers = await storage.db.batchGet(
    threads.map(({ partition }) => key(partition, THREAD_MARKER)),
    true,
  );
  const there = new Set(markers.filter((marker) => !isGone(marker)).map(({ PK }) => PK.S));
  const settled = ({ createdAt }: Entry): boolean => !(Date.now() - Date.parse(createdAt) < SETTLED_MS);
  return threads.filter((thread) => !there.has(thread.partition) && settled(thread)).map(({ threadId }) => threadId);
}

/** Needs the keys of encryption, and what lies in S3. */
async function readable({ newSaver }: Subject, threadIds: string[]): Promise<Finding> {
  const saver = newSaver();
  for (const threadId of threadIds) {
    try {
      await saver.getTuple({ configurable: { thread_id: threadId } });
    } catch (error) {
      const { code, message } = reported(error);
      return wrong(
        "state",
        `The latest state of thread ${JSON.stringify(threadId)} cannot be read (${code}): ${message}`,
        REMEDIES[code] ?? `Look at it: ${PROGRAM} inspect ID`,
      );
    }
  }
  return ok("state", `The latest state of ${threadIds.length} threads can be read.`);
}

const REMEDIES: Record<string, string> = {
  DECRYPTION_FAILED: "Pass the key that it was written with: --encryption-key-file.",
  INVALID_CONFIG: "Pass what it was written with: --s3-bucket, --encryption-key-file.",
  PLAINTEXT_REFUSED: "It is not encrypted. Leave out --encryption-key-file, or run the saver with allowPlaintext.",
  UNSUPPORTED_FORMAT: "A newer version of this package has written it. Upgrade.",
  BUCKET_NOT_FOUND: "Check --s3-bucket, --s3-endpoint and --s3-region.",
};
