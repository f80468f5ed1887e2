import type { CheckpointMetadata, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { CheckpointDataError } from "../errors.js";
import { compareCodePoints } from "./code-points.js";
import { checkpointPrefix, checkpointSortKey, namespacePrefix } from "./keys.js";
import { checkpointPages, load, loadWrites, readCheckpoint, type StoredCheckpoint } from "./read.js";
import { checkpointRef, type CheckpointRef, type Storage } from "./storage.js";
import type { Value } from "./value.js";

/**
 * What each channel was written since its last stored value, along the parents of `target`: one Query reads
 * the namespace backwards, and branches that are not on the path are passed over.
 *
 * @throws CheckpointDataError `MISSING_DATA` when an ancestor is not there: a shorter history would be a wrong one
 */
export async function deltaHistory(
  storage: Storage,
  target: CheckpointRef,
  channels: string[],
): Promise<Record<string, DeltaChannelHistory>> {
  const { ancestors, seedAt } = await walk(storage, target, channels);
  const values = ancestors.flatMap(({ stored, wanted }) => valuesFor(stored, wanted));
  const segments = await storage.segments.load(target.thread.partition, values);

  const entries = channels.map((channel): [string, DeltaChannelHistory] => [channel, { writes: [] }]);
  const histories = new Map(entries);
  for (const { stored, wanted } of ancestors.reverse()) {
    for (const write of await loadWrites(storage, stored, segments, wanted)) histories.get(write[1])!.writes.push(write);
  }
  for (const [channel, stored] of seedAt) {
    histories.get(channel)!.seed = await load(storage, stored, channel, stored.frame.channels.get(channel)!.value, segments);
  }
  return Object.fromEntries(entries);
}

interface Ancestor {
  stored: StoredCheckpoint;
  /** The channels that have no seed below this ancestor. */
  wanted: ReadonlySet<string>;
}

/** Ancestors from the nearest on, until every channel has met a stored value. */
async function walk(
  storage: Storage,
  target: CheckpointRef,
  channels: string[],
): Promise<{ ancestors: Ancestor[]; seedAt: Map<string, StoredCheckpoint> }> {
  const ancestors: Ancestor[] = [];
  const seedAt = new Map<string, StoredCheckpoint>();
  const path = new AncestorReader(storage, target, await ancestorsNeeded(storage, target, channels));
  const remaining = new Set(channels);
  let parentId = (await path.read(target.id))?.parentId;
  for (let childId = target.id; parentId !== undefined && remaining.size > 0; ) {
    const stored = await path.read(parentId);
    if (!stored) {
      throw new CheckpointDataError("MISSING_DATA", `Checkpoint ${JSON.stringify(parentId)}, an ancestor that a DeltaChannel needs, is missing`, {
        threadId: target.thread.id,
        checkpointNs: target.ns,
        checkpointId: childId,
        channel: [...remaining].join(", "),
      });
    }
    ancestors.push({ stored, wanted: new Set(remaining) });
    for (const channel of remaining) {
      if (!stored.frame.channels.has(channel)) continue;
      seedAt.set(channel, stored);
      remaining.delete(channel);
    }
    childId = parentId;
    parentId = stored.parentId;
  }
  return { ancestors, seedAt };
}

/**
 * How many ancestors LangGraph's own counters say are needed, when the target was read or written lately: a
 * state that was stored in full a few steps ago must not cost a page of 1 MB.
 */
async function ancestorsNeeded(storage: Storage, target: CheckpointRef, channels: string[]): Promise<number | undefined> {
  const metadata = storage.frames.get(target.thread.id, target.ns, target.id)?.metadata;
  if (!metadata || metadata.segments.length > 0) return undefined;
  const { counters_since_delta_snapshot: counters } = (await storage.serde.loadsTyped(metadata.type, metadata.tail)) as CheckpointMetadata;
  const supersteps = channels.map((channel) => counters?.[channel]?.[1]);
  return supersteps.every((n) => n !== undefined) ? Math.max(...supersteps) : undefined;
}

/** Reads a path of parents from one descending Query. */
class AncestorReader {
  #pages: AsyncGenerator<StoredCheckpoint[], void, undefined> | undefined;
  readonly #passed = new Map<string, StoredCheckpoint>();
  #oldest: string | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly target: CheckpointRef,
    private readonly hint: number | undefined,
  ) {}

  async read(id: string): Promise<StoredCheckpoint | undefined> {
    const { storage, target } = this;
    this.#pages ??= checkpointPages(
      storage,
      target.thread,
      { between: [namespacePrefix(target.nsPart), checkpointSortKey(checkpointPrefix(target.nsPart, target.idPart))] },
      // A checkpoint, its writes, and some for branches; without a hint, pages of 1 MB.
      this.hint === undefined ? [] : [Math.min(10_000, 8 + 3 * (this.hint + 1))],
    );
    for (;;) {
      const found = this.#passed.get(id);
      if (found) return found;
      // Ids rise with time, so what the Query has passed without finding it is not below.
      if (this.#oldest !== undefined && compareCodePoints(id, this.#oldest) > 0) break;
      const page = (await this.#pages.next()).value ?? undefined;
      if (!page) break;
      for (const stored of page) {
        this.#passed.set(stored.id, stored);
        this.#oldest = stored.id;
      }
    }
    // A parent with a later id than its child: another machine's clock was behind. It has to be fetched by itself.
    return readCheckpoint(storage, await checkpointRef(target.thread, target.ns, id));
  }
}

function valuesFor(stored: StoredCheckpoint, wanted: ReadonlySet<string>): Value[] {
  const seeds = [...stored.frame.channels].filter(([name]) => wanted.has(name)).map(([, channel]) => channel.value);
  const writes = stored.tasks.flatMap((task) => task.attributes.filter((a) => a.kind === "run" || wanted.has(a.channel)).map((a) => a.value));
  return [...seeds, ...writes];
}
