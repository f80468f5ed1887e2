import { auditorOf, Instance } from "./calls/instances.js";
import { readTruth, type Truth } from "./model/audit.js";
import { fail, keyPart } from "./model/shown.js";
import { exportThread, importShelved } from "./calls/perform-copies.js";
import { remove } from "./calls/perform-removals.js";
import type { World } from "./world/world.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What is done to all threads at the end, to see what that leaves. */
export async function endHistory(world: World, truth: Truth): Promise<void> {
  world.trace?.(`the ending: ${world.plan.ending}`);
  switch (world.plan.ending) {
    case "nothing":
      return;
    case "delete":
      return deleteAll(world);
    case "prune":
      return pruneAll(world);
    case "expire":
      return expireAll(world);
    case "copy":
      return copyAll(world, truth);
  }
}

/** An object that arrived when its caller had given up can outlive its thread: S3 cannot refuse it. */
const leftObjects = (world: World): string[] =>
  [...world.bucket.objects].flatMap(([key, { late }]) => (late ? [] : [key]));

const shown = (keys: string[]): string =>
  `${keys.slice(0, 4).join(", ")}${keys.length > 4 ? ` and ${keys.length - 4} more` : ""}`;

async function deleteAll(world: World): Promise<void> {
  for (const thread of [...world.model.threads.keys()]) await world.calmly(remove(world, world.auditor, thread));
  const items = world.table.items().map((item) => `${item.PK!.S as string} ${item.SK!.S as string}`);
  if (items.length > 0) fail(`All is deleted, and left in the table are ${shown(items)}`);
  // Objects whose pointers have expired go by the bucket's rule.
  world.globals.nowMs += 120 * DAY_MS;
  world.bucket.sweep(world.globals.nowMs);
  const objects = leftObjects(world);
  if (objects.length > 0) fail(`All is deleted, and left in the bucket are ${shown(objects)}`);
}

/** After three prunings, two hours apart, there is nothing that a copy would not have. */
async function pruneAll(world: World): Promise<void> {
  const { auditor, model, globals, table } = world;
  for (let i = 0; i < 3; i++) {
    globals.nowMs += 2 * HOUR_MS;
    await world.calmly(Promise.resolve(auditor.saver.prune({ all: true, keepLast: 1 })));
  }
  const truth = await world.calmly(latestOf(world));
  for (const thread of truth) {
    const to = `${thread} copied`;
    await world.calmly(Promise.resolve(auditor.saver.copyThread(thread, to)));
    // Where one segment lies in several places, they go together.
    const parts = (of: string): string[] => [
      ...new Set(
        table
          .items()
          .filter(({ PK, ttl }) => PK!.S === `T#${keyPart(of)}` && ttl === undefined)
          .flatMap(({ SK }) => (/^[SP]#/.test(SK!.S as string) ? [(SK!.S as string).split("#", 3).join("#")] : [])),
      ),
    ];
    const [left, needed] = [parts(thread), parts(to)];
    if (left.length > needed.length && !hasTtl(world))
      fail(
        `Thread ${thread} was pruned three times, and has ${left.length} segments and pointers where a copy has ` +
          `${needed.length}: ${shown(left)}`,
      );
  }
  void model;
}

export const hasTtl = ({ plan }: World): boolean =>
  plan.instances.some(({ ttlSeconds }) => ttlSeconds !== undefined) || plan.calls.some((call) => "ttl" in call);

async function latestOf({ model, auditor }: World): Promise<string[]> {
  const threads: string[] = [];
  for (const thread of model.threads.keys())
    if (await auditor.saver.getTuple({ configurable: { thread_id: thread } })) threads.push(thread);
  return threads;
}

/** Long after the last life: what expires is gone, and the rest is as it was. */
async function expireAll(world: World): Promise<void> {
  const { globals, model, table, bucket } = world;
  globals.nowMs += 120 * DAY_MS;
  await readTruth(world, new Instance(auditorOf(world.plan.instances), world.network));
  table.sweep(globals.nowMs / 1_000, () => true);
  bucket.sweep(globals.nowMs);
  await readTruth(world, world.auditor);
  const all = [...model.threads.values()].flatMap(({ checkpoints, writes }) => [...checkpoints, ...writes]);
  if (all.some(({ livesMs }) => livesMs === Infinity)) return;
  const items = table.items().map((item) => `${item.PK!.S as string} ${item.SK!.S as string}`);
  if (items.length > 0) fail(`All has expired, and left in the table are ${shown(items)}`);
  const objects = leftObjects(world);
  if (objects.length > 0) fail(`All has expired, and left in the bucket are ${shown(objects)}`);
}

/** An export is the thread as it was. */
async function copyAll(world: World, truth: Truth): Promise<void> {
  for (const thread of new Set([...truth.values()].map(({ recorded }) => recorded.thread))) {
    const shelved = await world.calmly(exportThread(world, world.auditor, thread));
    if (shelved) await world.calmly(importShelved(world, world.auditor, shelved, `${thread} again`));
  }
  await readTruth(world, new Instance(auditorOf(world.plan.instances), world.network));
}
