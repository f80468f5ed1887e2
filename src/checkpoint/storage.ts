import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { EventListener } from "../aws/client/events.js";
import type { Backend } from "../payload/backend.js";
import { ByteLru } from "../payload/byte-lru.js";
import type { ConflictMode } from "./write/head.js";
import type { Frame } from "../format/frame.js";
import type { Incarnations } from "./incarnation.js";
import type { Superseded } from "./write/latest-only.js";
import { keyPart, threadPartition, type KeyPart } from "../format/keys.js";
import type { ThreadIndex } from "./thread-index.js";
import type { WriteOrder } from "../format/write-order.js";

const FRAME_CACHE_BYTES = 4 * 1_024 * 1_024;
/**
 * How long what was seen of a thread is believed. A superstep that takes longer costs a read of its parent: see
 * `prune.ts`. A read by id costs a look at the thread's marker.
 */
export const TRUSTED_MS = 5 * 60_000;

/** What the parts of a saver share. Plain data and clients, no promise: safe between requests of a Worker. */
export interface Storage extends Backend {
  threads: ThreadIndex;
  incarnations: Incarnations;
  frames: FrameCache;
  serde: SerializerProtocol;
  conflict: ConflictMode;
  writeOrder: WriteOrder;
  /** How long a request can take, with all its attempts. */
  longestRequestMs: number;
  /** With `history: "latest"`. */
  superseded: Superseded | undefined;
  consistentRead: boolean;
  refreshOnRead: boolean;
  keyPrefix: string;
  onEvent: EventListener | undefined;
}

/** One thread, with the partition that holds it. */
export interface Thread {
  id: string;
  partition: string;
}

export async function threadOf({ keyPrefix }: Storage, threadId: string): Promise<Thread> {
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

/** Frames of checkpoints read or written lately: a `put` looks up its parent's segments here. */
export class FrameCache {
  readonly #frames = new ByteLru<{ frame: Frame; seenAt: number }>(FRAME_CACHE_BYTES);

  get(threadId: string, ns: string, id: string): Frame | undefined {
    return this.#frames.get(cacheKey(threadId, ns, id))?.frame;
  }

  /** Only of a checkpoint that was there a moment ago: an older one may have been pruned, and its segments with it. */
  getTrusted(threadId: string, ns: string, id: string): Frame | undefined {
    const entry = this.#frames.get(cacheKey(threadId, ns, id));
    return entry && Math.abs(Date.now() - entry.seenAt) <= TRUSTED_MS ? entry.frame : undefined;
  }

  set(threadId: string, ns: string, id: string, frame: Frame, bytes: number): void {
    this.#frames.set(cacheKey(threadId, ns, id), { frame, seenAt: Date.now() }, bytes);
  }

  forget(threadId: string): void {
    const start = cacheKey(threadId);
    this.#frames.deleteWhere((key) => key.startsWith(start));
  }
}

/** Unambiguous for any ids, and a thread's keys share its beginning. */
const cacheKey = (...ids: string[]): string => ids.map((id) => `${JSON.stringify(id)},`).join("");
