import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { EventListener } from "../aws/client/events.js";
import type { Backend } from "../payload/backend.js";
import type { ConflictMode, HistoryMode } from "../options.js";
import type { FirstReads } from "./first-reads.js";
import type { LeaseConfig } from "./lease/lease.js";
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
 * What configs that are given out say of the lease of the call, if it has one. LangGraph puts under them as they are:
 * the copy of a checkpoint, or the second of several updates.
 */
export const heldBy = (lease: HeldLease | undefined): { lease?: LeaseConfig } => (lease ? { lease: lease.config } : {});

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
