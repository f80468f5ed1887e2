import type { Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { choose, configOf } from "./attempt.js";
import { canonical } from "./contents.js";
import type { Instance } from "./instances.js";
import { nextId, submit } from "./perform-put.js";
import { read } from "./perform-reads.js";
import type { CallOf } from "./plan.js";
import { unborn, type RecordedCheckpoint } from "../model/records.js";
import { bodyOf, logOf } from "../model/shown.js";
import type { World } from "../world/world.js";

/** `updateState(config, null, "__copy__")`: the same checkpoint once more, below the same parent. */
export async function copyFork(world: World, instance: Instance, call: CallOf<"copyFork">): Promise<void> {
  const [thread, ns] = [world.plan.threads[call.thread]!, world.plan.namespaces[call.ns]!];
  const original = choose(world, thread, ns, call.of);
  if (!original) return;
  const tuple = await read(world, instance, thread, ns, original.id);
  if (!tuple) return;
  const id = nextId(world);
  const checkpoint: Checkpoint = { ...tuple.checkpoint, id, ts: new Date().toISOString() };
  const metadata = { ...tuple.metadata, source: "fork", step: original.step + 1 } as CheckpointMetadata;
  const parentId = tuple.parentConfig?.configurable?.checkpoint_id as string | undefined;
  const parent = parentId === undefined ? undefined : world.model.thread(thread).find(ns, parentId);
  const log = logOf(checkpoint.channel_values);
  const recorded: RecordedCheckpoint = {
    ...original,
    ...unborn(world.steps),
    ...{
      id,
      parentId,
      log,
      weak: original.weak || (parentId === undefined && original.chain !== undefined),
      dead: "no",
    },
    chain: original.chain,
    body: bodyOf(checkpoint),
    metadata: canonical(metadata),
    step: metadata.step,
    tsMs: world.globals.nowMs,
    madeMs: world.globals.nowMs,
    putEnd: Infinity,
    putStart: world.steps,
  };
  delete recorded.group;
  world.model.beginPut(recorded);
  const { ttlSeconds } = instance.plan;
  await submit(world, {
    instance,
    config: configOf(thread, ns, parentId),
    checkpoint,
    metadata,
    newVersions: {},
    recorded,
    parent,
    stoodOn: parent ?? original,
    ttl: ttlSeconds,
  });
}
