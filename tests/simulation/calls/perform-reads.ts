import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { attempt, choose, collect, configOf, OF_FAULTS } from "./attempt.js";
import type { Instance } from "./instances.js";
import { LOG, type CallOf } from "./plan.js";
import { certain, type RecordedCheckpoint } from "../model/records.js";
import type { World } from "../world/world.js";

/** What a read has come by, an instance may have in its cache, whatever it gave. */
function mayRemember({ model }: World, { tried }: Instance, thread: string | undefined): void {
  for (const { id, checkpoints } of model.threads.values()) {
    if (thread === undefined || id === thread) for (const one of checkpoints) tried.add(one);
  }
}

export async function get(world: World, instance: Instance, call: CallOf<"get">): Promise<void> {
  const [thread, ns] = [world.plan.threads[call.thread]!, world.plan.namespaces[call.ns]!];
  const target = call.of === "latest" ? undefined : choose(world, thread, ns, call.of);
  if (call.of !== "latest" && !target) return;
  await read(world, instance, thread, ns, target?.id);
}

export async function read(
  world: World,
  instance: Instance,
  thread: string,
  ns: string,
  id?: string,
): Promise<CheckpointTuple | undefined> {
  const faults = instance.client.faults;
  const result = await attempt(world, instance, () => instance.saver.getTuple(configOf(thread, ns, id)));
  if (result.error) {
    mayRemember(world, instance, thread);
    return undefined;
  }
  // A late attempt can bring back a part of a deleted thread; who remembers that thread may show it for five minutes.
  const stale = (one: RecordedCheckpoint): boolean =>
    id !== undefined &&
    world.lateArrivals > 0 &&
    one.dead !== "no" &&
    (instance.touched.has(one) || instance.tried.has(one));
  const span = { ...world.seenBy(instance, result.span), stale };
  const found =
    id === undefined
      ? world.judge.latest(result.value, { thread, ns }, span)
      : world.judge.byId(result.value, { thread, ns, id }, span);
  if (!found) {
    mayRemember(world, instance, thread);
    return undefined;
  }
  world.model.touched(instance, found, result.span.end);
  const { refreshOnRead, ttlSeconds } = instance.plan;
  if (refreshOnRead && ttlSeconds !== undefined)
    world.model.refreshed(
      found,
      ttlSeconds,
      result.span,
      faults === instance.client.faults && certain(found, result.span),
    );
  return result.value;
}

export async function list(
  world: World,
  instance: Instance,
  { thread, ns, limit, before, run }: CallOf<"list">,
): Promise<void> {
  const [threadId, namespace] = [
    thread === "all" ? undefined : world.plan.threads[thread]!,
    ns === "all" ? undefined : world.plan.namespaces[ns]!,
  ];
  const earlier =
    before === undefined || threadId === undefined ? undefined : choose(world, threadId, namespace ?? "", before);
  const config = {
    configurable: {
      ...(threadId !== undefined && { thread_id: threadId }),
      ...(namespace !== undefined && { checkpoint_ns: namespace }),
    },
  };
  const filter = run === undefined ? undefined : { run_id: `run-${run}` };
  const options = {
    ...(limit !== undefined && { limit }),
    ...(earlier && { before: configOf(earlier.thread, earlier.ns, earlier.id) }),
    ...(filter && { filter }),
  };
  const result = await attempt(world, instance, () => collect(instance.saver.list(config, options)));
  mayRemember(world, instance, threadId);
  if (result.error) return;
  const wanted = (one: RecordedCheckpoint): boolean =>
    (threadId === undefined || one.thread === threadId) &&
    (namespace === undefined || one.ns === namespace) &&
    (!earlier || one.id < earlier.id) &&
    (!filter || one.run === filter.run_id);
  world.judge.list(
    result.value,
    wanted,
    limit,
    world.seenBy(instance, result.span),
    instance.plan.history === "latest",
  );
}

export async function delta(world: World, instance: Instance, call: CallOf<"delta">): Promise<void> {
  const target = choose(world, world.plan.threads[call.thread]!, world.plan.namespaces[call.ns]!, call.of);
  if (target) await readHistory(world, instance, target);
}

export async function readHistory(world: World, instance: Instance, target: RecordedCheckpoint): Promise<void> {
  const { thread, ns, id } = target;
  const result = await attempt(
    world,
    instance,
    () => instance.saver.getDeltaChannelHistory({ config: configOf(thread, ns, id), channels: [LOG] }),
    () => true,
  );
  const span = world.seenBy(instance, result.span);
  mayRemember(world, instance, thread);
  if (!world.model.mustSee(target, span)) return;
  if (!result.error) return world.judge.history(result.value[LOG]!, target, span);
  if (!OF_FAULTS.has(result.error.code ?? "")) world.judge.history(result.error, target, span);
}

export async function threads(world: World, instance: Instance, latest: boolean): Promise<void> {
  const result = await attempt(world, instance, () => collect(instance.saver.listThreads({ latest })));
  if (result.error) return;
  world.judge.threads(
    result.value.map(({ threadId }) => threadId),
    world.seenBy(instance, result.span),
  );
  // What it has seen of a thread it goes on from, though the thread was deleted since.
  for (const { threadId, latest } of result.value)
    for (const one of latest ? world.model.thread(threadId).all("", latest.checkpointId) : []) instance.tried.add(one);
}
