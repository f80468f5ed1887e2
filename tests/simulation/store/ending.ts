import { fail } from "../model/shown.js";
import { attempt, finish } from "./attempt.js";
import { Audit } from "./audit.js";
import { begin } from "./begin.js";
import type { Config } from "./model/records.js";
import type { Register } from "./model/register.js";
import { judgeOrder, judgeRest } from "./rest.js";
import type { StoreWorld } from "./store-world.js";

/** Longer than anything that is to go may stay. */
const LONG_MS = 120 * 86_400_000;

/** An item goes an hour after a search has freed what it had replaced: before that an attempt may be late. */
const SWEPT_MS = 2 * 3_600_000;

/** What is done at the end, to see what that leaves. */
export async function endStore(world: StoreWorld, states: Map<Register, Config[]>): Promise<void> {
  world.trace?.(`the ending: ${world.plan.ending}`);
  switch (world.plan.ending) {
    case "nothing":
      return;
    case "delete":
      return deleteAll(world);
    case "expire":
      return expireAll(world, states);
  }
}

/** Time passes, and all that has expired is swept. */
function sweepAll({ globals, table, bucket, ...world }: StoreWorld): void {
  void world;
  table.sweep(globals.nowMs / 1_000, () => true);
  bucket.sweep(globals.nowMs);
}

/**
 * Marks of what was deleted may stay, as long as an attempt can be late or somewhat longer. Then they expire, or who
 * meets them deletes them.
 */
async function deleteAll(world: StoreWorld): Promise<void> {
  const { model } = world;
  for (const auditor of world.auditors) {
    const order = ++auditor.calls + 1_000_000;
    for (const { place, register } of model.written("store", auditor.keyPrefix)) {
      const nothing = { value: undefined, ttlMs: undefined, texts: [], length: 0 };
      const write = begin(auditor, "last delete", world.moment(), nothing, order);
      register.writes.push(write);
      const { namespace, key } = place;
      const made = await world.calmly(attempt(world, auditor, () => auditor.store.delete(namespace, key)));
      finish(write, made, model.slackMs);
    }
    await world.calmly(auditor.cache.clear([]));
    const found = await new Audit(world, auditor).search([], {});
    if (found.length > 0) fail(`All is deleted, and a search finds ${found.length} items`);
  }
  model.check();
  world.jump(LONG_MS);
  sweepAll(world);
  await tidy(world, "All is deleted", true);
  await clearCaches(world);
  sweepAll(world);
  judgeRest(world, "All is deleted");
}

/** What calls that failed have left in a cache stays until it is cleared an hour later. */
async function clearCaches(world: StoreWorld): Promise<void> {
  for (const auditor of world.auditors) await world.calmly(auditor.cache.clear([]));
}

/** Long after the last life: what expires is gone, and the rest is as it was. */
async function expireAll(world: StoreWorld, states: Map<Register, Config[]>): Promise<void> {
  const { model } = world;
  world.jump(LONG_MS);
  await tidy(world, "All has expired", false);
  // Once more: what was swept has left its order pointer.
  const count = await readAll(world, "All has expired", false);
  model.check();
  sweepAll(world);
  judgeOrder(world, "Long after the last write", count);
  const stays = (configs: Config[]): boolean => configs.some(({ state }) => state && state.write.ttlMs === undefined);
  if ([...states.values()].some(stays)) return;
  await tidy(world, "All has expired", true);
  await clearCaches(world);
  sweepAll(world);
  judgeRest(world, "All has expired");
}

/**
 * Who comes by takes a page of what is left of a namespace that holds nothing, and pages are small here. Of what an
 * item has replaced he frees one version. An item of which all are freed goes by itself, an hour later.
 */
async function tidy(world: StoreWorld, why: string, isEmpty: boolean): Promise<void> {
  let left: number;
  do {
    left = leftIn(world);
    await readAll(world, why, isEmpty);
  } while (leftIn(world) < left);
  world.jump(SWEPT_MS);
  sweepAll(world);
}

/** How much there is to be tidied: items, and the versions that they name because something of them is left. */
function leftIn({ table }: StoreWorld): number {
  return table.items().reduce((sum, { trash }) => sum + 1 + (trash ? (trash.S as string).split(" ").length : 0), 0);
}

/** Who lists and searches, and finds what there is: long after the latest write, nothing else is listed either. */
async function readAll(world: StoreWorld, why: string, isEmpty: boolean): Promise<number> {
  let count = 0;
  for (const auditor of world.auditors) {
    const audit = new Audit(world, auditor);
    await audit.itemsAndCached();
    const found = await audit.search([], {});
    count += found.length;
    if (isEmpty && found.length > 0) fail(`${why}, and a search finds ${found.length} items`);
    const holding = new Set(found.map(({ namespace }) => JSON.stringify(namespace)));
    const listed = (await audit.list({})).map((namespace) => JSON.stringify(namespace));
    const empty = listed.find((namespace) => !holding.has(namespace));
    if (empty !== undefined) fail(`Long after the last write, a namespace is listed that holds nothing: ${empty}`);
  }
  return count;
}
