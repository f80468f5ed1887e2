import { compareCodePoints } from "../../format/code-points.js";
import { checkpointPrefix, namespacePrefix, wholeCheckpointRange } from "../../format/keys.js";
import { bytesInMemory } from "../../format/known-attributes.js";
import { ByteLru } from "../../payload/byte-lru.js";
import { isGone } from "../../payload/lifetime.js";
import { isMetadata, stepsSince } from "../parts.js";
import { checkpointRef, type CheckpointRef } from "../refs.js";
import type { Storage } from "../storage.js";
import { openCheckpoint, type StoredCheckpoint } from "./open.js";
import { checkpointPages, type CheckpointItems } from "./pages.js";
import { readCheckpoint } from "./query.js";

/** Of checkpoints that the Query has passed: what is asked for later than that is read by itself. */
const PASSED_BYTES = 8 * 1_024 * 1_024;

/**
 * How many ancestors LangGraph's own counters say are needed, when the target was read or written lately: a
 * state that was stored in full a few steps ago must not cost a page of 1 MB.
 */
export async function ancestorsNeeded(
  storage: Storage,
  target: CheckpointRef,
  channels: string[],
): Promise<number | undefined> {
  const metadata = storage.frames.get(target.thread.id, target.ns, target.id)?.metadata;
  if (!metadata || metadata.segments.length > 0) return undefined;
  const read: unknown = await (async () =>
    (await storage.serde.loadsTyped(metadata.type, metadata.tail)) as unknown)().catch(() => undefined);
  if (!isMetadata(read)) return undefined;
  const supersteps = channels.map((channel) => stepsSince(read, channel));
  return supersteps.every((steps) => steps !== undefined) ? supersteps.reduce((a, b) => Math.max(a, b), 0) : undefined;
}

/** Reads a path of parents from one descending Query. */
export class AncestorReader {
  #pages: AsyncGenerator<CheckpointItems[], void, undefined> | undefined;
  readonly #passed = new ByteLru<CheckpointItems>(PASSED_BYTES);
  #oldest: string | undefined;

  constructor(
    readonly storage: Storage,
    readonly target: CheckpointRef,
    private readonly hint: number | undefined,
  ) {}

  async read(id: string): Promise<StoredCheckpoint | undefined> {
    const { storage, target } = this;
    this.#pages ??= checkpointPages(
      storage,
      target.thread,
      {
        between: [
          namespacePrefix(target.nsPart),
          wholeCheckpointRange(checkpointPrefix(target.nsPart, target.idPart))[1],
        ],
      },
      // A checkpoint, its writes, and some for branches; without a hint, pages of 1 MB.
      this.hint === undefined ? [] : [Math.min(10_000, 8 + 3 * (this.hint + 1))],
      isGone,
    );
    for (;;) {
      const found = this.#passed.get(id);
      // Each is read once: what it was made of need not be kept.
      this.#passed.delete(id);
      if (found) return openCheckpoint(storage, found);
      // Ids rise with time, so what the Query has passed without finding it is not below.
      if (this.#oldest !== undefined && compareCodePoints(id, this.#oldest) > 0) break;
      const page = (await this.#pages.next()).value ?? undefined;
      if (!page) break;
      for (const items of page) {
        this.#passed.set(items.id, items, bytesInMemory(items.item) + items.writeBytes);
        this.#oldest = items.id;
      }
    }
    // A parent with a later id than its child: another machine's clock was behind. It has to be fetched by itself.
    return readCheckpoint(storage, await checkpointRef(target.thread, target.ns, id), isGone);
  }
}
