import type { Key } from "../aws/dynamodb.js";
import { ByteLru } from "./byte-lru.js";
import type { CheckpointItems } from "./pages.js";
import { pruneThreads } from "./prune.js";
import { usualGraceSeconds } from "./prune-options.js";
import type { StoredCheckpoint } from "./read.js";
import type { Storage } from "./storage.js";

/*
 * With `history: "latest"` a put also deletes what is superseded: the checkpoint before its parent, with its writes, in the
 * request that stores the new one. Its parent is stored already, so whichever part of that request is done, the newest
 * checkpoint is there. Ancestors that a DeltaChannel is rebuilt from are deleted after the next snapshot. Segments are freed by
 * a pruning of the thread now and then, which is safe beside runs.
 */

/** How much history a saver keeps. */
export type HistoryMode = "full" | "latest";

const KNOWN_BYTES = 1_024 * 1_024;
/** "BatchWriteItem": 25 items, and one of them is the new checkpoint. */
const DELETES_AT_ONCE = 24;
/** A pruning is some requests: so many puts share them. */
const PRUNE_EVERY = 64;

interface Known {
  /** The newest checkpoint, and its sort key with those of its writes. */
  head: { id: string; sortKeys: Set<string> };
  /** Of older ones that the newest may be rebuilt from. */
  held: string[];
  /** Of older ones that nothing needs. */
  superseded: string[];
}

/** What this instance knows to be superseded in each namespace. Of others it learns when it reads. */
export class Superseded {
  readonly #known = new ByteLru<Known>(KNOWN_BYTES);

  /** The newest checkpoint has been read, and some older ones with it, which it may be rebuilt from. */
  read({ thread, ns, id, keys }: StoredCheckpoint, older: CheckpointItems[], needsAncestors: boolean): void {
    const others = older.filter((items) => items.ns === ns).flatMap(({ item, writes }) => [item, ...writes].map(({ SK }) => SK.S));
    const head = { id, sortKeys: new Set(keys.map(({ SK }) => SK.S)) };
    this.#set(thread.id, ns, needsAncestors ? { head, held: others, superseded: [] } : { head, held: [], superseded: others });
  }

  /** A task of a checkpoint has written. */
  wrote(threadId: string, ns: string, id: string, { SK }: Key): void {
    const known = this.#known.get(nameOf(threadId, ns));
    if (known?.head.id === id) known.head.sortKeys.add(SK.S);
  }

  /** What goes when a checkpoint is stored under this parent. */
  before(threadId: string, ns: string, parentId: string | undefined): string[] {
    const known = this.#known.get(nameOf(threadId, ns));
    return known && known.head.id === parentId ? known.superseded.slice(0, DELETES_AT_ONCE) : [];
  }

  /** A checkpoint was stored, and `gone` deleted. */
  put(threadId: string, ns: string, parentId: string | undefined, id: string, place: Key, needsAncestors: boolean, gone: string[]): void {
    const known = this.#known.get(nameOf(threadId, ns));
    const head = { id, sortKeys: new Set([place.SK.S]) };
    if (!known || known.head.id !== parentId || id === parentId) return this.#set(threadId, ns, { head, held: [], superseded: [] });
    const held = [...known.held, ...known.head.sortKeys];
    const left = known.superseded.slice(gone.length);
    this.#set(threadId, ns, needsAncestors ? { head, held, superseded: left } : { head, held: [], superseded: [...left, ...held] });
  }

  forget(threadId: string): void {
    this.#known.deleteWhere((name) => name.startsWith(nameOf(threadId)));
  }

  #set(threadId: string, ns: string, known: Known): void {
    const sortKeys = [...known.head.sortKeys, ...known.held, ...known.superseded];
    this.#known.set(nameOf(threadId, ns), known, sortKeys.reduce((sum, sortKey) => sum + 2 * sortKey.length, 200));
  }
}

/** Frees what superseded checkpoints referred to, after one put in so many. What fails is done the next time. */
export async function pruneSometimes(storage: Storage, threadId: string, checkpointId: string): Promise<void> {
  if (hash(checkpointId) % PRUNE_EVERY !== 0) return;
  const work = pruneThreads(storage, [threadId], { rule: ({ rank }) => rank === 1, dryRun: false, graceSeconds: usualGraceSeconds(storage) });
  try {
    while (!(await work.next()).done);
  } catch {
    // The put itself has succeeded.
  }
}

const nameOf = (...ids: string[]): string => ids.map((id) => `${JSON.stringify(id)},`).join("");

/** FNV-1a: the same for every instance, and spread over any ids. */
function hash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
