import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { EventListener } from "../aws/client/events.js";
import type { Backend } from "../payload/backend.js";
import type { ConflictMode, HistoryMode } from "../options.js";
import type { FirstReads } from "./first-reads.js";
import type { FrameCache } from "./frame-cache.js";
import type { Incarnations } from "./incarnation.js";
import type { Superseded } from "./superseded.js";
import type { ThreadIndex } from "./thread-index.js";
import type { WriteOrder } from "../format/write-order.js";
import type { Questions } from "./questions.js";
import type { Compress } from "../format/compression.js";

/** What the parts of a saver share. Plain data and clients, no promise: safe between requests of a Worker. */
export interface Storage extends Backend {
  threads: ThreadIndex;
  incarnations: Incarnations;
  frames: FrameCache;
  serde: SerializerProtocol;
  conflict: ConflictMode;
  history: HistoryMode;
  writeOrder: Pick<WriteOrder, "next" | "after">;
  /** How long a request can take, with all its attempts. */
  longestRequestMs: number;
  /** Of a saver: a reader stores none. */
  questions: Questions | undefined;
  /** Of a saver with `history: "latest"`, which deletes them; a reader has none. */
  superseded: Superseded | undefined;
  consistentRead: boolean;
  refreshOnRead: boolean;
  keyPrefix: string;
  onEvent: EventListener | undefined;
  /** Of this call, if its caller has one. */
  lease?: HeldLease | undefined;
}

/** What the config of a call says of the lease that it is made under. */
export interface LeaseConfig {
  /** The thread: calls on another one, as those of a graph that a node runs, are not made under it. */
  thread_id: string;
  /** A number that rises with every lease of a thread that has a checkpoint. */
  token: number;
  /** Its random name. Who has it can renew the lease and release it. */
  name: string;
  /** For how long it lasts after each renewal. */
  seconds: number;
}

/** The lease of a call, as those see it who read and write. */
export interface HeldLease {
  token: number;
  /** Its random name in the thread's marker. */
  name: string;
  config: LeaseConfig;
  reads: FirstReads;
  /** When the last renewal that was granted was sent, in milliseconds since 1970; 0 where there was none. */
  renewedAt: number;
  /** Does what stores something, while nobody else can have the thread. @param ready what has to be done first */
  during<T>(store: () => Promise<T>, ready?: Promise<unknown>): Promise<T>;
  /** It turned out to have ended. @returns the error to throw */
  lost(): Error;
}

/**
 * The config that names a checkpoint, as it is given out. It has the lease of the call, if that has one: LangGraph puts
 * under it as it is, when it copies a checkpoint or makes several updates.
 */
export const configOf = (
  lease: HeldLease | undefined,
  thread_id: string,
  checkpoint_ns: string,
  checkpoint_id: string,
) => ({
  configurable: { thread_id, checkpoint_ns, checkpoint_id, ...(lease && { lease: lease.config }) },
});

/**
 * Does what stores something, under the lease of the call if it has one.
 * @param ready what has to be done first, and sends nothing: a release waits for it as well
 */
export async function whileHeld<T>({ lease }: Storage, store: () => Promise<T>, ready?: Promise<unknown>): Promise<T> {
  if (lease) return lease.during(store, ready);
  await ready;
  return store();
}

/** What only those need that store something. It is not in the bundle of a reader. */
export interface Writing extends Pick<Storage, "writeOrder" | "questions" | "superseded"> {
  compress: Compress;
}
