import type { Call } from "./plan.js";
import { copy, exportThread, importThread } from "./perform-copies.js";
import { copyFork } from "./perform-copy-fork.js";
import { put, putAgain } from "./perform-put.js";
import { delta, get, list, threads } from "./perform-reads.js";
import { deleteRuns, prune, remove } from "./perform-removals.js";
import { putWrites } from "./perform-writes.js";
import type { World } from "../world/world.js";

/** Makes a call of a history, and judges what comes of it. */
export async function perform(world: World, call: Call): Promise<void> {
  const instance = world.instances[call.by]!;
  if (call.fresh) instance.restart();
  const thread = (i: number): string => world.plan.threads[i]!;
  switch (call.kind) {
    case "put":
      return put(world, instance, call);
    case "again":
      return putAgain(world, thread(call.thread));
    case "copyFork":
      return copyFork(world, instance, call);
    case "writes":
      return putWrites(world, instance, call);
    case "get":
      return get(world, instance, call);
    case "list":
      return list(world, instance, call);
    case "delta":
      return delta(world, instance, call);
    case "threads":
      return threads(world, instance, call.latest);
    case "delete":
      return remove(world, instance, thread(call.thread));
    case "prune":
      return prune(world, instance, call);
    case "deleteRuns":
      return deleteRuns(world, instance, call);
    case "copy":
      return copy(world, instance, thread(call.from), thread(call.to));
    case "export":
      await exportThread(world, instance, thread(call.thread));
      return;
    case "import":
      return importThread(world, instance, call);
    case "jump":
      world.globals.nowMs += call.seconds * 1_000;
      return world.network.dropExpired();
    case "sweep":
      world.table.sweep(world.globals.nowMs / 1_000, () => world.random.chance(0.7));
      return world.bucket.sweep(world.globals.nowMs);
    case "settle":
      return world.settle();
  }
}
