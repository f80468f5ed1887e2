import { attempt, collect, type Attempt } from "./attempt.js";
import { fail, show } from "../model/shown.js";
import type { Instance } from "./instances.js";
import type { Snapshot } from "../model/copies.js";
import type { CallOf } from "./plan.js";
import type { Span } from "../model/records.js";
import type { World } from "../world/world.js";

/**
 * Whether there may be something of a thread that stands in the way of a copy, such as another one at the same time.
 */
function mayExist(world: World, thread: string, { start, end }: Span): boolean {
  const { checkpoints, writes, restorations, deletions } = world.model.thread(thread);
  const beside = restorations.filter((one) => one.start <= end.step && one.end >= start.step);
  // It is refused, too, where the thread is deleted meanwhile.
  if (deletions.some((one) => one.start <= end.step && one.end >= start.step)) return true;
  return checkpoints.length > 0 || writes.length > 0 || beside.length > 1;
}

function beginRestore(world: World, to: string): void {
  const target = world.model.thread(to);
  target.lastStored = Infinity;
  target.restorations.push({ start: world.steps, end: Infinity });
}

export async function copy(world: World, instance: Instance, from: string, to: string): Promise<void> {
  if (from === to) return;
  beginRestore(world, to);
  const result = await attempt(
    world,
    instance,
    async () => instance.saver.copyThread(from, to),
    (code, span) =>
      code === "INVALID_INPUT" && (mayExist(world, to, span) || !world.copies.snapshot(from, span).exists),
  );
  settleRestore(world, result, world.copies.snapshot(from, result.span), to);
}

export function settleRestore(world: World, result: Attempt<unknown>, snapshot: Snapshot, to: string): void {
  const target = world.model.thread(to);
  // One of those of the same thread has ended; which one makes no difference.
  const ended = target.restorations.find(({ end }) => end === Infinity);
  if (ended) ended.end = result.span.end.step;
  if (result.error?.code === "INVALID_INPUT") {
    target.lastStored = result.span.end.step;
    return;
  }
  const before = target.checkpoints.find((one) => world.model.mustSee(one, result.span));
  if (!result.error && before) fail(`It succeeds over ${show(before)}, which was there`);
  if (!result.error && !snapshot.mayExist) fail("It succeeds, and there is no such thread");
  world.copies.restore(to, snapshot, result.span, !result.error);
}

export interface Shelved {
  thread: string;
  lines: string[];
  snapshot: Snapshot;
}
const shelves = new WeakMap<World, Shelved[]>();
const shelfOf = (world: World): Shelved[] => {
  const shelf = shelves.get(world) ?? [];
  shelves.set(world, shelf);
  return shelf;
};

export async function exportThread(world: World, instance: Instance, thread: string): Promise<Shelved | undefined> {
  const result = await attempt(
    world,
    instance,
    () => collect(instance.saver.exportThread(thread)),
    (code, span) => code === "INVALID_INPUT" && !world.copies.snapshot(thread, span).exists,
  );
  if (result.error) return undefined;
  const shelved = { thread, lines: result.value, snapshot: world.copies.snapshot(thread, result.span) };
  if (!shelved.snapshot.mayExist) fail("It succeeds, and there is no such thread");
  shelfOf(world).push(shelved);
  return shelved;
}

export async function importThread(world: World, instance: Instance, call: CallOf<"import">): Promise<void> {
  const shelf = shelfOf(world);
  if (shelf.length === 0) return;
  const shelved = shelf[call.export % shelf.length]!;
  await importShelved(world, instance, shelved, call.to === "same" ? shelved.thread : world.plan.threads[call.to]!);
}

export async function importShelved(
  world: World,
  instance: Instance,
  { thread, lines, snapshot }: Shelved,
  to: string,
): Promise<void> {
  beginRestore(world, to);
  const options = to === thread ? {} : { threadId: to };
  // Of what has expired since, the error says so; and where it failed before, it may be there.
  const hasExpired = (span: Span): boolean => snapshot.checkpoints.some(({ livesMs }) => livesMs <= span.end.ms);
  const result = await attempt(
    world,
    instance,
    async () => instance.saver.importThread(lines, options),
    (code, span) => code === "INVALID_INPUT" && (mayExist(world, to, span) || hasExpired(span)),
  );
  settleRestore(world, result, snapshot, to);
}
