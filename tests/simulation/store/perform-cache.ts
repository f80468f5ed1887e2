import { canonical, text } from "../calls/contents.js";
import { fail } from "../model/shown.js";
import { attempt, finish, mayRefuse } from "./attempt.js";
import type { StoreInstance } from "./instances.js";
import { judgeCached } from "./judge.js";
import type { Place } from "./model/model.js";
import { begin, ttlMsOf } from "./begin.js";
import type { StoreCallOf } from "./plan.js";
import type { Write } from "./model/records.js";
import type { StoreWorld } from "./store-world.js";

/*
 * Reading and setting never reject: what cannot be read is a miss, and what cannot be written is dropped. So a call
 * whose requests met faults says nothing of what it did. Clearing does reject.
 */

const keyOf = ({ namespace, key }: Place): [string[], string] => [[...namespace], key];

async function calling<T>(
  world: StoreWorld,
  instance: StoreInstance,
  writes: Write[],
  call: () => Promise<T>,
): Promise<{ value: T } & Pick<Awaited<ReturnType<typeof attempt<T>>>, "span" | "metFaults">> {
  const made = await attempt(world, instance, () =>
    call().catch((error: Error & { code?: string }) => fail(`A cache rejects with ${error.code}: ${error.message}`)),
  );
  if (made.outcome !== "acknowledged") return fail("A cache rejects");
  // Without S3 it cannot replace what lies there.
  const isSure = !made.metFaults && (instance.plan.s3 !== undefined || !world.plan.instances.some(({ s3 }) => s3));
  for (const write of writes) finish(write, { ...made, outcome: "acknowledged" }, world.model.slackMs);
  if (!isSure) for (const write of writes) finish(write, { ...made, outcome: "unknown" }, world.model.slackMs);
  return made;
}

export async function cacheSet(
  world: StoreWorld,
  instance: StoreInstance,
  call: StoreCallOf<"cacheSet">,
): Promise<void> {
  const start = world.moment();
  const writes = new Map<string, { place: Place; write: Write }>();
  const pairs = call.pairs.map(({ length, ttl, ...at }, i) => {
    const place = world.place(instance, "cache", at);
    const id = `w${call.n}.${i}`;
    const value = { id, text: text(`text ${length}`, length) };
    const write = begin(
      instance,
      `${call.n}.${i}. set`,
      start,
      { value: { id, shown: canonical(value), plain: value }, ttlMs: ttlMsOf(instance, ttl), texts: [], length },
      call.n,
    );
    // Of several for one key, the last counts.
    writes.set(JSON.stringify(keyOf(place)), { place, write });
    return { key: keyOf(place), value, ...(ttl !== undefined && { ttl }) };
  });
  for (const { place, write } of writes.values()) world.model.add(place, write);
  await calling(
    world,
    instance,
    [...writes.values()].map(({ write }) => write),
    () => instance.cache.set(pairs),
  );
}

export async function cacheGet(
  world: StoreWorld,
  instance: StoreInstance,
  { n, places: planned }: Pick<StoreCallOf<"cacheGet">, "n" | "places">,
): Promise<void> {
  const places = planned.map((at) => world.place(instance, "cache", at));
  const made = await calling(world, instance, [], () => instance.cache.get(places.map(keyOf)));
  const name = `${instance.client.name}'s ${n}. cacheGet`;
  judgeCached({ world, instance, name, ...made, own: new Set() }, places, made.value);
}

export async function cacheClear(
  world: StoreWorld,
  instance: StoreInstance,
  { n, namespaces }: StoreCallOf<"cacheClear">,
): Promise<void> {
  const { plan, model } = world;
  const start = world.moment();
  const cleared = namespaces.map((ns) => plan.namespaces[ns]!);
  const writes: { place: Place; write: Write }[] = [];
  for (const namespace of cleared.length > 0 ? cleared : plan.namespaces) {
    for (const key of plan.keys) {
      const place: Place = { room: "cache", keyPrefix: instance.keyPrefix, namespace, key };
      const nothing = { value: undefined, ttlMs: undefined, texts: [], length: 0, isOrdered: false };
      const write = begin(instance, `${n}. clear`, start, nothing, n);
      writes.push({ place, write });
      model.add(place, write);
    }
  }
  const places = writes.map(({ place }) => place);
  const made = await attempt(
    world,
    instance,
    () => instance.cache.clear(cleared.map((namespace) => [...namespace])),
    () => mayRefuse(world, instance, places),
  );
  // Where it refuses some, others are gone.
  const outcome = made.outcome === "nothing" ? "unknown" : made.outcome;
  for (const { write } of writes) finish(write, { ...made, outcome }, model.slackMs);
}
