import { keyPart, threadPartition, type KeyPart } from "../format/keys.js";

/* What a thread and a checkpoint are called: by their ids, and by the parts of their keys. */

/** One thread, with the partition that holds it. */
export interface Thread {
  id: string;
  partition: string;
}

export async function threadOf({ keyPrefix }: { keyPrefix: string }, threadId: string): Promise<Thread> {
  return { id: threadId, partition: await threadPartition(keyPrefix, threadId) };
}

/** One checkpoint by its ids, with the parts of its keys. */
export interface CheckpointRef {
  thread: Thread;
  ns: string;
  id: string;
  nsPart: KeyPart;
  idPart: KeyPart;
}

export async function checkpointRef(thread: Thread, ns: string, id: string): Promise<CheckpointRef> {
  const [nsPart, idPart] = await Promise.all([keyPart("namespace", ns), keyPart("checkpoint", id)]);
  return { thread, ns, id, nsPart, idPart };
}

/** A name in a cache of an instance. Unambiguous for any ids, and a thread's keys share its beginning. */
export const cacheKey = (...ids: string[]): string => ids.map((id) => `${JSON.stringify(id)},`).join("");
