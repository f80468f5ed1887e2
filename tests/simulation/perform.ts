import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { fail, show } from "./judge.js";
import type { Instance } from "./instances.js";
import type { PruneScope, Snapshot } from "./model.js";
import type { Call, CallOf, Choice } from "./plan.js";
import { copyFork, put, putAgain } from "./perform-put.js";
import { putWrites } from "./perform-writes.js";
import { certain, type RecordedCheckpoint, type Span } from "./records.js";
import type { World } from "./world.js";

/** Errors of calls whose requests met faults. */
const OF_FAULTS = new Set(["NETWORK", "TIMEOUT", "THROTTLED", "SERVICE_ERROR"]);

export type Attempt<T> = { span: Span } & ({ value: T; error?: undefined } | { error: Error & { code?: string }; value?: undefined });

/** Makes a call. What it fails with is no fault of the saver where its requests met some, or where `mayFail` says so. */
export async function attempt<T>(world: World, instance: Instance, call: () => Promise<T>, mayFail: (code: string, span: Span) => boolean = () => false): Promise<Attempt<T>> {
  const { client } = instance;
  const faults = client.faults;
  const start = world.moment();
  try {
    const value = await call();
    return { value, span: { start, end: world.moment() } };
  } catch (caught) {
    const error = caught as Error & { code?: string };
    const span = { start, end: world.moment() };
    world.trace?.(`${client.name} gets ${error.code}: ${error.message}`);
    const { code = "" } = error;
    if (!(client.faults > faults && OF_FAULTS.has(code)) && !mayFail(code, span)) fail(`It fails with ${code || error.stack}: ${error.message}`);
    return { error, span };
  }
}

export const configOf = (thread_id: string, checkpoint_ns: string, checkpoint_id?: string, ttlSeconds?: number): RunnableConfig => ({
  configurable: { thread_id, checkpoint_ns, ...(checkpoint_id !== undefined && { checkpoint_id }), ...(ttlSeconds !== undefined && { ttl_seconds: ttlSeconds }) },
});

/** One of the checkpoints that there are, or were: the latest that an agent would go on from, or any. */
export function choose(world: World, thread: string, ns: string, choice: Choice): RecordedCheckpoint | undefined {
  const { steps: step, globals } = world;
  const all = world.model.thread(thread).checkpoints.filter((one) => one.ns === ns && one.mustGo !== 0);
  if (choice !== "latest") return all[Math.floor(choice * all.length)];
  const now = { step, ms: globals.nowMs };
  return all.filter((one) => one.sure < Infinity && one.mustGo > step && one.endsMs > now.ms).sort((a, b) => (a.id < b.id ? -1 : 1)).at(-1);
}

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
      return exportThread(world, instance, thread(call.thread));
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

async function get(world: World, instance: Instance, call: CallOf<"get">): Promise<void> {
  const [thread, ns] = [world.plan.threads[call.thread]!, world.plan.namespaces[call.ns]!];
  const target = call.of === "latest" ? undefined : choose(world, thread, ns, call.of);
  if (call.of !== "latest" && !target) return;
  await read(world, instance, thread, ns, target?.id);
}

export async function read(world: World, instance: Instance, thread: string, ns: string, id?: string): Promise<CheckpointTuple | undefined> {
  const faults = instance.client.faults;
  const result = await attempt(world, instance, () => instance.saver.getTuple(configOf(thread, ns, id)));
  if (result.error) return undefined;
  const span = world.seenBy(instance, result.span);
  const found = id === undefined ? world.judge.latest(result.value, { thread, ns }, span) : world.judge.byId(result.value, { thread, ns, id }, span);
  if (!found) return undefined;
  world.model.touched(instance, found, result.span.end);
  const { refreshOnRead, ttlSeconds } = instance.plan;
  if (refreshOnRead && ttlSeconds !== undefined) world.model.refreshed(found, ttlSeconds, result.span, faults === instance.client.faults && certain(found, result.span));
  return result.value;
}

async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of all) items.push(item);
  return items;
}

async function list(world: World, instance: Instance, { thread, ns, limit, before, run }: CallOf<"list">): Promise<void> {
  const [threadId, namespace] = [thread === "all" ? undefined : world.plan.threads[thread]!, ns === "all" ? undefined : world.plan.namespaces[ns]!];
  const earlier = before === undefined || threadId === undefined ? undefined : choose(world, threadId, namespace ?? "", before);
  const config = { configurable: { ...(threadId !== undefined && { thread_id: threadId }), ...(namespace !== undefined && { checkpoint_ns: namespace }) } };
  const filter = run === undefined ? undefined : { run_id: `run-${run}` };
  const options = { ...(limit !== undefined && { limit }), ...(earlier && { before: configOf(earlier.thread, earlier.ns, earlier.id) }), ...(filter && { filter }) };
  const result = await attempt(world, instance, () => collect(instance.saver.list(config, options)));
  if (result.error) return;
  const wanted = (one: RecordedCheckpoint): boolean =>
    (threadId === undefined || one.thread === threadId) && (namespace === undefined || one.ns === namespace) && (!earlier || one.id < earlier.id) && (!filter || one.run === filter.run_id);
  world.judge.list(result.value, wanted, limit, world.seenBy(instance, result.span), instance.plan.history === "latest");
}

async function delta(world: World, instance: Instance, call: CallOf<"delta">): Promise<void> {
  const target = choose(world, world.plan.threads[call.thread]!, world.plan.namespaces[call.ns]!, call.of);
  if (target) await readHistory(world, instance, target);
}

export async function readHistory(world: World, instance: Instance, target: RecordedCheckpoint): Promise<void> {
  const { thread, ns, id } = target;
  const result = await attempt(world, instance, () => instance.saver.getDeltaChannelHistory({ config: configOf(thread, ns, id), channels: ["log"] }), () => true);
  const span = world.seenBy(instance, result.span);
  if (!world.model.mustSee(target, span)) return;
  if (!result.error) return world.judge.history(result.value.log!, target, span);
  if (!OF_FAULTS.has(result.error.code ?? "")) world.judge.history(result.error, target, span);
}

async function threads(world: World, instance: Instance, latest: boolean): Promise<void> {
  const result = await attempt(world, instance, () => collect(instance.saver.listThreads({ latest })));
  if (!result.error) world.judge.threads(result.value.map(({ threadId }) => threadId), world.seenBy(instance, result.span));
}

/** Who has deleted a thread itself may remember it or not. */
function forget({ touched, tried }: Instance, thread: string): void {
  for (const one of touched.keys()) if (one.thread === thread) tried.add(one);
}

export async function remove(world: World, instance: Instance, thread: string): Promise<void> {
  const { model } = world;
  const deletion = model.beginDeletion(thread, world.moment());
  const removal = model.beginRemoval({ thread, touches: () => true, start: deletion.start });
  try {
    const result = await attempt(world, instance, () => instance.saver.deleteThread(thread));
    forget(instance, thread);
    model.endDeletion(thread, deletion, result.span.end, !result.error);
  } finally {
    model.endRemoval(removal);
  }
}

async function prune(world: World, instance: Instance, call: CallOf<"prune">): Promise<void> {
  const { model, plan } = world;
  const { keepLast, olderThanSeconds, graceSeconds, strategy, dryRun } = call;
  const threadIds = call.thread === "all" ? undefined : [plan.threads[call.thread]!];
  const ns = call.ns === undefined ? undefined : plan.namespaces[call.ns]!;
  const which = threadIds ? { threadIds } : { all: true };
  if (strategy === "delete" && threadIds) {
    const deletion = model.beginDeletion(threadIds[0]!, world.moment());
    const removal = model.beginRemoval({ thread: threadIds[0], touches: () => true, start: deletion.start });
    try {
      const result = await attempt(world, instance, async () => instance.saver.prune({ threadIds, strategy }));
      forget(instance, threadIds[0]!);
      return model.endDeletion(threadIds[0]!, deletion, result.span.end, !result.error);
    } finally {
      model.endRemoval(removal);
    }
  }
  const options =
    strategy !== undefined
      ? { strategy: "keep_latest" as const }
      : { ...(keepLast !== undefined && { keepLast }), ...(olderThanSeconds !== undefined && { olderThanSeconds }), ...(ns !== undefined && { checkpointNs: ns }), ...(graceSeconds !== undefined && { graceSeconds }), ...(dryRun && { dryRun }) };
  if (strategy === undefined && keepLast === undefined && olderThanSeconds === undefined) options.keepLast = 1;
  if (graceSeconds === 0) await world.settle();
  const scope: PruneScope = {
    thread: threadIds?.[0],
    ns: strategy === undefined ? ns : undefined,
    keepLast: strategy === undefined ? options.keepLast : 1,
    olderThanMs: strategy === undefined ? (olderThanSeconds ?? 0) * 1_000 : 0,
    graceMs: strategy === undefined && graceSeconds === 0 ? 0 : 3_600_000,
    isDry: strategy === undefined && dryRun === true,
  };
  const removal = model.beginRemoval({ thread: scope.thread, touches: (one) => !scope.isDry && one !== undefined, start: world.steps });
  try {
    const result = await attempt(world, instance, async () => instance.saver.prune({ ...which, ...options }));
    model.endPrune(scope, result.span, !result.error);
    if (graceSeconds === 0) for (const one of world.instances) one.restart();
  } finally {
    model.endRemoval(removal);
  }
}

async function deleteRuns(world: World, instance: Instance, { runs, thread }: CallOf<"deleteRuns">): Promise<void> {
  const { model } = world;
  const names = runs.map((run) => `run-${run}`);
  const threadId = thread === "all" ? undefined : world.plan.threads[thread]!;
  const removal = model.beginRemoval({ thread: threadId, touches: ({ run }) => names.includes(run!), start: world.steps });
  try {
    const result = await attempt(world, instance, async () => instance.saver.deleteForRuns(names, threadId === undefined ? undefined : { threadIds: [threadId] }));
    model.endDeleteRuns(names, threadId, result.span, !result.error);
  } finally {
    model.endRemoval(removal);
  }
}

/** Whether there may be something of a thread that stands in the way of a copy. */
const mayExist = (world: World, thread: string): boolean => world.model.thread(thread).checkpoints.length > 0 || world.model.thread(thread).writes.length > 0;

async function copy(world: World, instance: Instance, from: string, to: string): Promise<void> {
  if (from === to) return;
  const target = world.model.thread(to);
  target.lastStored = Infinity;
  const result = await attempt(world, instance, async () => instance.saver.copyThread(from, to), (code, span) => code === "INVALID_INPUT" && (mayExist(world, to) || !world.model.snapshot(from, span).exists));
  settleRestore(world, result, world.model.snapshot(from, result.span), to);
}

export function settleRestore(world: World, result: Attempt<unknown>, snapshot: Snapshot, to: string): void {
  const target = world.model.thread(to);
  if (result.error?.code === "INVALID_INPUT") {
    target.lastStored = result.span.end.step;
    return;
  }
  const before = target.checkpoints.find((one) => world.model.mustSee(one, result.span));
  if (!result.error && before) fail(`It succeeds over ${show(before)}, which was there`);
  if (!result.error && !snapshot.mayExist) fail("It succeeds, and there is no such thread");
  world.model.restore(to, snapshot, result.span, !result.error);
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
  const result = await attempt(world, instance, () => collect(instance.saver.exportThread(thread)), (code, span) => code === "INVALID_INPUT" && !world.model.snapshot(thread, span).exists);
  if (result.error) return undefined;
  const shelved = { thread, lines: result.value, snapshot: world.model.snapshot(thread, result.span) };
  if (!shelved.snapshot.mayExist) fail("It succeeds, and there is no such thread");
  shelfOf(world).push(shelved);
  return shelved;
}

async function importThread(world: World, instance: Instance, call: CallOf<"import">): Promise<void> {
  const shelf = shelfOf(world);
  if (shelf.length === 0) return;
  const shelved = shelf[call.export % shelf.length]!;
  await importShelved(world, instance, shelved, call.to === "same" ? shelved.thread : world.plan.threads[call.to]!);
}

export async function importShelved(world: World, instance: Instance, { thread, lines, snapshot }: Shelved, to: string): Promise<void> {
  world.model.thread(to).lastStored = Infinity;
  const options = to === thread ? {} : { threadId: to };
  // Of what has expired since, the error says so; and where it failed before, it may be there.
  const hasExpired = (span: Span): boolean => snapshot.checkpoints.some(({ livesMs }) => livesMs <= span.end.ms);
  const result = await attempt(world, instance, async () => instance.saver.importThread(lines, options), (code, span) => code === "INVALID_INPUT" && (mayExist(world, to) || hasExpired(span)));
  settleRestore(world, result, snapshot, to);
}
