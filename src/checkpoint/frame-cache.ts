import { frameSize, type Frame } from "../format/frame.js";
import { costOfText } from "../format/meter.js";
import { ByteLru } from "../payload/byte-lru.js";
import { cacheKey } from "./refs.js";

const FRAME_CACHE_BYTES = 4 * 1_024 * 1_024;
/**
 * How long what was seen of a thread is believed. A superstep that takes longer costs a read of its parent: see
 * `threads/prune/options.ts`. A read by id costs a look at the thread's marker.
 */
export const TRUSTED_MS = 5 * 60_000;

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

  set(threadId: string, ns: string, id: string, frame: Frame): void {
    const key = cacheKey(threadId, ns, id);
    this.#frames.set(key, { frame, seenAt: Date.now() }, frameSize(frame) + costOfText(key));
  }

  forget(threadId: string): void {
    const start = cacheKey(threadId);
    this.#frames.deleteWhere((key) => key.startsWith(start));
  }
}
