import { lengthsOf, valuesOf, type Frame } from "../../format/frame.js";
import { deltaChannels } from "../delta-channels.js";
import { newIncarnation } from "../../format/keys.js";
import { type Lifetime } from "../../payload/lifetime.js";
import { divideParts, makeRoom, type SerializedParts } from "./divide-parts.js";
import type { PutInput } from "./inherit-channels.js";
import { renew, renewAncestors, type AncestorsOf } from "./renew.js";
import { NewSegments } from "../../payload/segment-writes.js";
import { type Storage } from "../storage.js";
import { type CheckpointRef } from "../refs.js";

/** A put under way: what it needs of its arguments, as they were when it was called. */
export interface Put {
  input: PutInput;
  ref: CheckpointRef;
  parentRef: CheckpointRef | undefined;
  parts: SerializedParts;
  needsAncestors: boolean;
  life: Lifetime | undefined;
  /** Its number among all calls. */
  order: string;
  /** Of its lease, or its parent's; 0 without one. */
  token: number;
}

/** The frame of a checkpoint, and the segments that have to be stored for it. */
export interface Draft {
  frame: Frame;
  plan: NewSegments;
  /** Whether it is the first of its thread, or of one that was deleted under a running agent and is there again. */
  begins: boolean;
}

/**
 * Which bytes of a checkpoint go where. What the parent shares may have expired or been deleted: then everything given
 * is stored anew.
 * @param parent what is known of the parent, if it has one
 */
export async function draft(storage: Storage, put: Put, parent: Frame | undefined): Promise<Draft> {
  return (parent && (await inherit(storage, put, parent))) ?? (await begin(storage, put));
}

/** As {@link draft}, of a thread that turned out to have begun as another incarnation. */
export async function redraft(storage: Storage, put: Put, { frame, begins }: Draft, born: string): Promise<Draft> {
  return { ...(await divided(storage, put, undefined, born, frame.lease)), begins };
}

/** Takes over what the parent has. `undefined`, with nothing referred to, when its segments are not there any more. */
async function inherit(storage: Storage, put: Put, parent: Frame): Promise<Draft | undefined> {
  const { life, ref } = put;
  const isShort = leaseIsShort(parent, put.needsAncestors, life);
  const granted = life?.granted ?? Infinity;
  const { frame, plan } = await divided(
    storage,
    put,
    parent,
    parent.born,
    isShort ? granted : Math.min(parent.lease, granted),
  );
  const renewed =
    !isShort ||
    (await renew(storage, ref.thread, parent.born, plan.sharedBy(valuesOf(frame)), ancestorsOf(put, frame), life));
  return renewed ? { frame, plan, begins: false } : undefined;
}

/** Stores everything that was given. */
async function begin(storage: Storage, put: Put): Promise<Draft> {
  const { input, parentRef, life } = put;
  const listed = parentRef ? undefined : listedFor(storage, input, life);
  const lease = Math.min(listed?.listedUntil ?? Infinity, life?.granted ?? Infinity);
  const { frame, plan } = await divided(storage, put, undefined, listed?.born ?? newIncarnation(), lease);
  const ancestors = ancestorsOf(put, frame);
  if (ancestors) await renewAncestors(storage, ancestors, life);
  return { frame, plan, begins: !listed };
}

/**
 * A subgraph's first checkpoint belongs to a thread that this instance has probably listed. If its graph's checkpoint
 * is of another incarnation than the thread is now, that was deleted, and so is this one.
 */
function listedFor(
  { incarnations, frames }: Storage,
  { threadId, ns, metadata }: PutInput,
  life: Lifetime | undefined,
): { born: string; listedUntil: number } | undefined {
  const known = ns === "" ? undefined : incarnations.known(threadId);
  if (!known) return undefined;
  const above = Object.entries(metadata.parents ?? {}).map(
    ([parentNs, id]) => frames.get(threadId, parentNs, id)?.born,
  );
  const gone = above.find((born) => born !== undefined && born !== known.born);
  if (gone !== undefined) return { ...known, born: gone };
  // Of a graph's checkpoint that this instance has not seen: the thread may be another one by now.
  if (above.includes(undefined)) return undefined;
  return incarnations.trusted(threadId) && known.listedUntil >= (life?.needed ?? Infinity) ? known : undefined;
}

/** @param lease until when all that it will refer to is there */
async function divided(
  storage: Storage,
  put: Put,
  parent: Frame | undefined,
  born: string,
  lease: number,
): Promise<Omit<Draft, "begins">> {
  const { input, ref, parts, needsAncestors, life } = put;
  const plan = new NewSegments(storage, ref.thread.partition, born, life, parent && valuesOf(parent));
  // One that others are rebuilt from lives on for them, as long as what it needs itself.
  const goneAt = !life ? Infinity : needsAncestors || storage.refreshOnRead ? lease : life.needed;
  const frame: Frame = {
    ...(await divideParts(input, parts, parent, plan)),
    lease,
    needsAncestors,
    goneAt,
    born,
    token: put.token,
    run: input.runId,
  };
  storage.codec.checkLengths(lengthsOf(frame), { threadId: ref.thread.id, checkpointNs: ref.ns, checkpointId: ref.id });
  await makeRoom(frame, parent, parts, plan);
  return { frame, plan };
}

function ancestorsOf({ input, parentRef, needsAncestors }: Put, frame: Frame): AncestorsOf | undefined {
  return needsAncestors && parentRef ? { top: parentRef, channels: deltaChannels(input.metadata, frame) } : undefined;
}

/** Whether what the parent's lease covers might end before a checkpoint put now does. */
export function leaseIsShort(parent: Frame, needsAncestors: boolean, life: Lifetime | undefined): boolean {
  if (parent.lease < (life?.needed ?? Infinity)) return true;
  // A parent that did not need its ancestors has no lease on them.
  return life !== undefined && needsAncestors && !parent.needsAncestors;
}
