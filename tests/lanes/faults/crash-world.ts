import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterAll, beforeAll, describe, expect, inject } from "vitest";
import { collect, noise } from "../savers/checkpoints.js";
import { createSaver, type SaverOptions } from "../savers/harness.js";
import { memoryServers } from "../servers/memory-servers.js";
import { expectOutlived } from "./outlived.js";
import { itemsOf, itemsWithPrefix } from "../stored/raw-table.js";
import { objectKeys } from "../stored/s3-client.js";
import { s3Options } from "../savers/s3-options.js";
import { useServers } from "../servers/servers.js";

const effort = inject("effort");

const TTL = { ttlSeconds: 1_000 };
/** Segments of 2,000 letters stay in the table, those of 6,000 go to S3. */
const S3 = { s3: { ...s3Options(), thresholdBytes: 2_500 } };
const ENCRYPTION = { encryption: { key: noise(32, 5) } };

/**
 * Options, and how many cuts each case takes with them at most: the more of them, the more its requests are side by
 * side.
 */
export interface OptionSet {
  name: string;
  options: Partial<SaverOptions>;
  maxCuts: number;
  /** Whether the servers of these cases are in memory: what the real ones make of the requests is seen in others. */
  inMemory?: boolean;
}

const allOptionSets: OptionSet[] = [
  { name: "plain", options: {}, maxCuts: 8, inMemory: true },
  {
    name: "with s3, ttlSeconds and encryption",
    options: { ...S3, ...TTL, ...ENCRYPTION },
    maxCuts: 8,
    inMemory: true,
  },
  // Not compressed, so that a test can read what is stored.
  { name: "with ttlSeconds", options: { ...TTL, compression: "none" }, maxCuts: 4, inMemory: true },
  // On the real servers, both of them.
  { name: "with s3", options: S3, maxCuts: 6 },
  { name: "with conflict: reject", options: { conflict: "reject" }, maxCuts: 4, inMemory: true },
];

/**
 * In a run of everything, half of the cuts. In other runtimes the first two sets say enough: the requests are the same
 * in each. `SOAK_CUTS=all npm test -- crash` cuts everywhere.
 */
export const optionSets =
  effort === "little"
    ? allOptionSets.slice(0, 2).map((set) => ({ ...set, maxCuts: inject("cuts") ?? 4, inMemory: false }))
    : allOptionSets.map((set) => ({
        ...set,
        maxCuts: inject("cuts") ?? (effort === "full" ? set.maxCuts : set.maxCuts / 2),
      }));

/** Tests of each of these sets. */
export function describeWith(sets: OptionSet[], tests: (set: OptionSet) => void): void {
  describe.each(sets)("$name", (set) => {
    if (set.inMemory) {
      beforeAll(() => useServers(memoryServers()));
      afterAll(() => useServers());
    }
    tests(set);
  });
}

/** The thread of every world. */
export const THREAD = "t";

export interface World extends Partial<SaverOptions> {
  keyPrefix: string;
}

/** Worlds of one test, and whether they left anything. */
export class Worlds {
  readonly #name = crypto.randomUUID();
  #count = 0;

  constructor(private readonly options: Partial<SaverOptions>) {}

  readonly next = (): World => {
    const place = `${this.#name}/${(this.#count += 1)}`;
    const { s3 } = this.options;
    return { ...this.options, keyPrefix: `${place}#`, ...(s3 && { s3: { ...s3, prefix: `${place}/` } }) };
  };

  /** Nothing is left of any world, wherever it might lie. */
  async expectNothingLeft(): Promise<void> {
    expect((await itemsWithPrefix(this.#name)).map(({ PK, SK }) => `${PK!.S} ${SK!.S}`)).toEqual([]);
    expect(await objectKeys(inject("s3"), this.#name)).toEqual([]);
  }
}

/** The thread as its readers see it: plain data, with long texts and bytes as their hashes. */
export interface Visible {
  /** As `list` gives them. */
  checkpoints: Record<string, unknown>;
  /** The latest of each namespace, by `getTuple`. */
  latest: Record<string, string | undefined>;
}

/** What to look for, whether or not `list` finds it. */
export interface Look {
  /** Of checkpoints that may be there. */
  places: { ns: string; id: string }[];
  /** `DeltaChannel`s. */
  delta: string[];
  /**
   * Whether a thread with checkpoints must be listed: where it was before the call, only `deleteThread` changes that.
   */
  listed?: boolean;
}

/**
 * Reads the thread in every way there is, with an instance that has nothing cached. Whatever one of them sees must be
 * complete, and what the others see.
 */
export async function look(world: World, { places, delta, listed = false }: Look): Promise<Visible> {
  const saver = createSaver({ ...world, refreshOnRead: false });
  const checkpoints: Visible["checkpoints"] = {};
  const newest: Visible["latest"] = {};
  for (const tuple of await collect(saver.list({ configurable: { thread_id: THREAD } }))) {
    const { ns, id, name } = placeOf(tuple);
    checkpoints[name] = await describeTuple(saver, tuple, delta);
    newest[ns] = newest[ns] === undefined || newest[ns] < id ? id : newest[ns];
  }
  const namespaces = [...new Set(places.map(({ ns }) => ns))];
  const latest: Visible["latest"] = Object.fromEntries(namespaces.map((ns) => [ns, undefined]));
  await Promise.all([
    ...places.map(async ({ ns, id }) => {
      const tuple = await saver.getTuple({ configurable: { thread_id: THREAD, checkpoint_ns: ns, checkpoint_id: id } });
      expect(tuple && (await describeTuple(saver, tuple, delta)), `what getTuple finds of ${ns}/${id}`).toEqual(
        checkpoints[`${ns}/${id}`],
      );
    }),
    ...namespaces.map(async (ns) => {
      latest[ns] = (await saver.getTuple({ configurable: { thread_id: THREAD, checkpoint_ns: ns } }))?.checkpoint.id;
      expect(latest[ns], `the latest of ${JSON.stringify(ns)}`).toBe(newest[ns]);
    }),
  ]);
  if (listed && Object.keys(checkpoints).length > 0) await expectListed(world);
  await expectOutlived(world, THREAD, delta);
  return { checkpoints, latest };
}

export async function expectListed(world: World): Promise<void> {
  expect(
    (await collect(createSaver(world).listThreads())).map(({ threadId }) => threadId),
    "threads listed",
  ).toEqual([THREAD]);
}

/**
 * deleteThread finds everything of the thread. Its index entry and its objects are looked for when all worlds are
 * deleted.
 */
export async function expectDeleted(world: World): Promise<void> {
  await createSaver(world).deleteThread(THREAD);
  expect((await itemsOf(world.keyPrefix, THREAD)).map(({ SK }) => SK!.S)).toEqual([]);
}

export function placeOf({ config }: CheckpointTuple): { ns: string; id: string; name: string } {
  const { checkpoint_ns: ns, checkpoint_id: id } = config.configurable as {
    checkpoint_ns: string;
    checkpoint_id: string;
  };
  return { ns, id, name: `${ns}/${id}` };
}

/** A checkpoint with its pending writes, and what its `DeltaChannel`s are rebuilt from. */
export async function describeTuple(saver: DynamoDBSaver, tuple: CheckpointTuple, delta: string[]): Promise<unknown> {
  const histories = await saver.getDeltaChannelHistory({ config: tuple.config, channels: delta });
  return comparable({ ...tuple, histories });
}

function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => {
      const long =
        part instanceof Uint8Array
          ? part
          : typeof part === "string" && part.length > 100
            ? new TextEncoder().encode(part)
            : undefined;
      return long ? `${long.length} bytes, ${hash(long)}` : part;
    }),
  );
}

/** FNV-1a: a mistake is not malicious. */
function hash(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
