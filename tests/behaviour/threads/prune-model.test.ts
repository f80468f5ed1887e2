import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { collect, emptyThread, noiseText, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { describeTuple, placeOf } from "../../lanes/faults/crash-world.js";
import { garbageOf } from "../../lanes/stored/garbage.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { fetchInRealTime } from "../../lanes/savers/s3-saver.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { Soaking, soakTimeoutMs } from "../../lanes/run/soak.js";

/*
 * Random threads (forks, namespaces, DeltaChannels, interrupts, a ttl) that are pruned again and again while they grow.
 * After every pruning what stays is what the rules say, and reads as before; at the end, when nothing is under way any
 * more, mark and sweep finds nothing that nobody refers to.
 *
 * A failure names its seed. `SOAK_SEED=… npm test -- prune-model` repeats it.
 */

const { seed } = inject("soak");
const THREAD = "t";
const GRACE = 3_600;
/** In the last one, a channel is a DeltaChannel. */
const NAMESPACES = ["", "child:1|grandchild:2", "delta"];
const SNAPSHOT_EVERY = 3;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const momentOf = fc.record({
  /** Seconds since the moment before. */
  gap: fc.constantFrom(0, 1, 200, GRACE / 2, GRACE + 10),
  puts: fc.array(
    fc.record({
      ns: fc.nat(NAMESPACES.length - 1),
      /** Which checkpoint of the namespace it goes on from: mostly the latest, else a fork. */
      parent: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(20) }),
      document: fc.constantFrom("keep", "replace", "one of old", "append"),
      large: fc.boolean(),
      /** Whether its task is interrupted, or writes. */
      writes: fc.constantFrom("none", "small", "large", "interrupt"),
      saver: fc.constantFrom("warm", "other", "cold"),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  prune: fc.option(
    fc.record({
      keepLast: fc.integer({ min: 1, max: 4 }),
      ns: fc.option(fc.nat(NAMESPACES.length - 1)),
      graceSeconds: fc.constantFrom(0, GRACE),
      saver: fc.constantFrom("warm", "cold"),
    }),
  ),
});
type Moment = typeof momentOf extends fc.Arbitrary<infer T> ? T : never;

class World {
  readonly place: Partial<SaverOptions> & { keyPrefix: string };
  readonly #savers: Record<string, DynamoDBSaver>;
  readonly #steps = new Map<string, (Step & { updates: number })[]>(NAMESPACES.map((ns) => [ns, []]));
  #values = 0;

  constructor(options: Partial<SaverOptions>) {
    this.place = { ...options, compression: "none", keyPrefix: newPrefix() };
    this.#savers = { warm: createSaver(this.place), other: createSaver(this.place) };
  }

  saver(name: string): DynamoDBSaver {
    return this.#savers[name] ?? createSaver(this.place);
  }

  async put(put: Moment["puts"][number]): Promise<void> {
    const ns = NAMESPACES[put.ns]!;
    const saver = this.saver(put.saver);
    const visible = await this.visible();
    const living = this.#steps.get(ns)!.filter(({ checkpoint }) => visible.has(`${ns}/${checkpoint.id}`));
    const parent = put.parent < 0 ? living.at(-1) : living[put.parent % Math.max(1, living.length)];
    const from = parent ?? { ...emptyThread(THREAD, ns), updates: 0 };
    const length = put.large ? 6_000 : 1_500;
    const before = (from.checkpoint.channel_values.document ?? []) as string[];
    const document = {
      keep: before,
      replace: [this.#text(length)],
      append: [...before, this.#text(length)],
      "one of old": [noiseText(length, 7)],
    }[put.document];
    if (parent) await this.#write(saver, parent, ns, put.writes);
    const { log: _, ...values } = from.checkpoint.channel_values;
    const isFull = from.updates + 1 >= SNAPSHOT_EVERY;
    const updates = isFull ? 0 : from.updates + 1;
    const changes = {
      ...(put.document !== "keep" && { document }),
      ...(ns === "delta" && isFull && { log: new DeltaSnapshot([this.#text(100)]) }),
    };
    const metadata = ns === "delta" && !isFull ? { counters_since_delta_snapshot: { log: [updates, updates] } } : {};
    const step = await putStep(
      saver,
      { ...from, checkpoint: { ...from.checkpoint, channel_values: values } },
      changes,
      { metadata },
    );
    this.#steps.get(ns)!.push({ ...step, updates });
  }

  async #write(saver: DynamoDBSaver, { config }: Step, ns: string, writes: string): Promise<void> {
    const task = `task ${this.#values}`;
    if (ns === "delta") await saver.putWrites(config, [["log", this.#text(10)]], `${task} of log`);
    if (writes === "interrupt") await saver.putWrites(config, [["__interrupt__", [{ value: this.#text(10) }]]], task);
    else if (writes !== "none")
      await saver.putWrites(config, [["document", this.#text(writes === "large" ? 70_000 : 20)]], task);
  }

  /** All that readers see, by namespace and id, newest first. */
  async visible(): Promise<Map<string, Record<string, unknown>>> {
    const saver = createSaver(this.place);
    const tuples = await collect(saver.list({ configurable: { thread_id: THREAD } }));
    return new Map(
      await Promise.all(
        tuples.map(async (tuple): Promise<[string, Record<string, unknown>]> => {
          const { ns, name } = placeOf(tuple);
          // LangGraph asks for the history of what is not stored in full.
          const delta = ns === "delta" && !("log" in tuple.checkpoint.channel_values) ? ["log"] : [];
          return [name, (await describeTuple(saver, tuple, delta)) as Record<string, unknown>];
        }),
      ),
    );
  }

  async prune({ keepLast, ns, graceSeconds, saver }: NonNullable<Moment["prune"]>): Promise<void> {
    const before = await this.visible();
    const checkpointNs = ns === null ? undefined : NAMESPACES[ns]!;
    await this.saver(saver).prune({ threadIds: [THREAD], keepLast, graceSeconds, checkpointNs });
    const stays = NAMESPACES.flatMap((name) => {
      const names = [...before.keys()].filter((place) => place.startsWith(`${name}/`));
      return checkpointNs === undefined || checkpointNs === name ? names.slice(0, keepLast) : names;
    });
    await this.expectSame(before, stays);
    if (graceSeconds === 0) expect(await garbageOf(this.place, THREAD)).toEqual([]);
  }

  async expectSame(before: Map<string, Record<string, unknown>>, stays: string[]): Promise<void> {
    const after = await this.visible();
    expect([...after.keys()].toSorted()).toEqual(stays.toSorted());
    for (const name of stays) {
      const { parentConfig, ...tuple } = before.get(name)! as {
        parentConfig?: { configurable: { checkpoint_ns: string; checkpoint_id: string } };
      };
      const hasParent =
        parentConfig &&
        stays.includes(`${parentConfig.configurable.checkpoint_ns}/${parentConfig.configurable.checkpoint_id}`);
      const { parentConfig: left, ...now } = after.get(name)!;
      expect(now, name).toEqual(tuple);
      if (hasParent) expect(left, `the parent of ${name}`).toEqual(parentConfig);
    }
  }

  #text(length: number): string {
    return noiseText(length, (this.#values += 1) + 1_000);
  }
}

async function live(moments: Moment[], options: Partial<SaverOptions>): Promise<void> {
  const world = new World(options);
  for (const { gap, puts, prune } of moments) {
    vi.setSystemTime(Date.now() + gap * 1_000);
    for (const put of puts) await world.put(put);
    if (prune) await world.prune(prune);
  }
  const before = await world.visible();
  const all = { threadIds: [THREAD], keepLast: 1_000 };
  // What goes meanwhile because it expires would take longer still.
  if (options.ttlSeconds !== undefined) await world.saver("cold").prune({ ...all, graceSeconds: 0 });
  else {
    for (let i = 0; i < 3; i++) {
      await world.saver("cold").prune(all);
      vi.setSystemTime(Date.now() + (GRACE + 10) * 1_000);
    }
  }
  await world.expectSame(before, [...before.keys()]);
  if (before.size > 0) expect(await garbageOf(world.place, THREAD)).toEqual([]);
  await world.saver("cold").deleteThread(THREAD);
}

const VARIANTS = 3;

test.each<[name: string, options: () => Partial<SaverOptions>]>([
  ["in the table", () => ({})],
  ["in the table and in S3", () => ({ s3: { ...s3Options(), thresholdBytes: 4_000 }, fetch: fetchInRealTime })],
  ["that expire", () => ({ ttlSeconds: 5 * GRACE })],
])(
  "after any pruning what stays reads as before, and nothing is left over: threads %s",
  async (name, options) => {
    const history = fc.array(momentOf, { minLength: 6, maxLength: 10, size: "max" });
    const property = fc.asyncProperty(history, (moments) => live(moments, options()));
    const soaking = new Soaking(`prune: ${name}`, VARIANTS);
    let rounds = 0;
    do {
      await fc.assert(property, {
        seed: seed + rounds++,
        numRuns: inject("effort") === "full" ? 2 : 1,
        endOnFailure: true,
      });
      soaking.report({ histories: rounds });
    } while (soaking.goesOn());
  },
  soakTimeoutMs(120_000),
);
