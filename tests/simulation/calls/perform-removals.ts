import { attempt } from "./attempt.js";
import type { Instance } from "./instances.js";
import type { PruneScope } from "./actors.js";
import type { CallOf } from "./plan.js";
import { endRunDeletion, isOfTaskOf } from "../model/run-deletions.js";
import type { World } from "../world/world.js";

const GRACE_MS = 3_600_000;

/** Who has deleted something of a thread itself may remember it or not. */
function forget({ touched, tried }: Instance, thread: string | undefined): void {
  for (const one of touched.keys()) if (thread === undefined || one.thread === thread) tried.add(one);
}

export const remove = (world: World, instance: Instance, thread: string): Promise<void> =>
  removeBy(world, instance, thread, () => instance.saver.deleteThread(thread));

async function removeBy(world: World, instance: Instance, thread: string, call: () => Promise<unknown>): Promise<void> {
  const { model } = world;
  const deletion = model.beginDeletion(thread, world.moment());
  const removal = model.removals.begin({ thread, touches: () => true, start: deletion.start });
  try {
    const result = await attempt(world, instance, call);
    forget(instance, thread);
    model.endDeletion(thread, deletion, result.span.end, !result.error);
  } finally {
    model.removals.end(removal);
  }
}

export async function prune(world: World, instance: Instance, call: CallOf<"prune">): Promise<void> {
  const { model, plan } = world;
  const { saver } = instance;
  const { olderThanSeconds, graceSeconds, strategy, dryRun = false } = call;
  const thread = call.thread === "all" ? undefined : plan.threads[call.thread]!;
  const which = thread === undefined ? { all: true } : { threadIds: [thread] };
  if (strategy === "delete" && thread !== undefined)
    return removeBy(world, instance, thread, async () => saver.prune({ ...which, strategy }));
  const isShort = strategy !== undefined;
  const ns = isShort || call.ns === undefined ? undefined : plan.namespaces[call.ns]!;
  const keepLast = call.keepLast ?? (olderThanSeconds === undefined ? 1 : undefined);
  const long = {
    ...(keepLast !== undefined && { keepLast }),
    ...(olderThanSeconds !== undefined && { olderThanSeconds }),
    ...(ns !== undefined && { checkpointNs: ns }),
    ...(graceSeconds !== undefined && { graceSeconds }),
    ...(dryRun && { dryRun }),
  };
  const scope: PruneScope = isShort
    ? { thread, keepLast: 1, olderThanMs: 0, graceMs: GRACE_MS, isDry: false }
    : {
        thread,
        ns,
        keepLast,
        olderThanMs: (olderThanSeconds ?? 0) * 1_000,
        graceMs: graceSeconds === 0 ? 0 : GRACE_MS,
        isDry: dryRun,
      };
  // Without grace nothing else may be under way.
  if (graceSeconds === 0) await world.settle();
  const removal = model.removals.begin({ thread, touches: () => !scope.isDry, start: world.steps });
  try {
    const options = isShort ? { strategy: "keep_latest" as const } : long;
    const result = await attempt(world, instance, async () => saver.prune({ ...which, ...options }));
    forget(instance, thread);
    model.endPrune(scope, result.span, !result.error);
    if (graceSeconds === 0) {
      for (const one of world.instances) one.restart();
      world.table.catchUp();
    }
  } finally {
    model.removals.end(removal);
  }
}

export async function deleteRuns(
  world: World,
  instance: Instance,
  { runs, thread }: CallOf<"deleteRuns">,
): Promise<void> {
  const { model } = world;
  const names = runs.map((run) => `run-${run}`);
  const threadId = thread === "all" ? undefined : world.plan.threads[thread]!;
  const removal = model.removals.begin({
    thread: threadId,
    touches: ({ run }) => names.includes(run!),
    touchesWrites: (one) => isOfTaskOf(model, one, names),
    start: world.steps,
  });
  try {
    const result = await attempt(world, instance, async () =>
      instance.saver.deleteForRuns(names, threadId === undefined ? undefined : { threadIds: [threadId] }),
    );
    forget(instance, threadId);
    endRunDeletion(model, names, threadId, result.span, !result.error);
  } finally {
    model.removals.end(removal);
  }
}
