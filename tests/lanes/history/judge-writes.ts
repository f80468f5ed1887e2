import type { CheckpointPendingWrite } from "@langchain/langgraph-checkpoint";
import { Violation, type CallRecord, type PutRecord, type Span, type ThreadRecord } from "./record.js";
import { same } from "./values.js";

/*
 * Pending writes: of an ordinary index the first write stays, of a special one, which is negative, the last. Which
 * call was first is known when one had ended before the other began, or when one instance made both.
 */

/** Which call's write a reader last found at an index. */
const winners = new WeakMap<PutRecord, Map<string, { call: CallRecord; read: Span }>>();

export function judgeWrites(
  thread: ThreadRecord,
  put: PutRecord,
  found: readonly CheckpointPendingWrite[],
  read: Span,
): void {
  const calls = thread.callsOf(put.id);
  const fail = (what: string): never => {
    throw new Violation(thread, `Pending writes of ${put.id}: ${what} Read ${read.invoked}..${read.ended}.`);
  };
  const there = new Map<string, CallRecord>();
  let before: [path: string, taskId: string, index: number] | undefined;
  for (const [taskId, channel, value] of found) {
    const match = findCall(calls, taskId, channel, value);
    if (!match) return fail(`task ${taskId} never wrote ${channel} = ${String(JSON.stringify(value)).slice(0, 300)}.`);
    const { call, index } = match;
    const place: typeof before = [call.path, taskId, index];
    if (before && !isBefore(before, place)) fail(`${place.join()} comes after ${before.join()}.`);
    before = place;
    there.set(`${taskId} ${index}`, call);
    if (thread.deletedSince(call.ended, read.invoked)) fail(`call ${call.number} was deleted, and is there again.`);
    judgeWinner(thread, put, { call, index }, calls, read, fail);
  }
  for (const call of calls) {
    for (const index of call.writes.keys()) {
      const isMissing = call.ok && call.ended < read.invoked && !there.has(`${call.taskId} ${index}`);
      if (isMissing && !thread.deletedBetween(call.invoked, read.ended))
        fail(`call ${call.number} was acknowledged, and its write ${index} is not there.`);
    }
  }
}

function judgeWinner(
  thread: ThreadRecord,
  put: PutRecord,
  { call, index }: { call: CallRecord; index: number },
  calls: CallRecord[],
  read: Span,
  fail: (what: string) => never,
): void {
  const others = calls.filter(
    (other) =>
      other !== call &&
      other.taskId === call.taskId &&
      other.ok &&
      other.ended < read.invoked &&
      other.writes.has(index),
  );
  for (const other of others) {
    const [first, second] = index < 0 ? [call, other] : [other, call];
    // A request of the first call that was given up may still arrive after the second call's, and then it is the last.
    const inOrder = first.by === second.by && first.invoked < second.invoked && index >= 0;
    const isAfter = first.ended < second.invoked || inOrder;
    if (isAfter && !thread.deletedBetween(other.invoked, read.ended))
      fail(`write ${index} of task ${call.taskId} is that of call ${call.number}, not of call ${other.number}.`);
  }
  if (index < 0) return;
  // Of the first write of an index there is only one, whoever looks.
  const known = winners.get(put) ?? new Map<string, { call: CallRecord; read: Span }>();
  winners.set(put, known);
  const name = `${call.taskId} ${index}`;
  const last = known.get(name);
  if (
    last &&
    last.call !== call &&
    !thread.deletedBetween(Math.min(last.read.invoked, read.invoked), Math.max(last.read.ended, read.ended))
  ) {
    fail(
      `write ${index} of task ${call.taskId} was that of call ${last.call.number}, and is now that of call ` +
        `${call.number}.`,
    );
  }
  known.set(name, { call, read });
}

function findCall(
  calls: CallRecord[],
  taskId: string,
  channel: string,
  value: unknown,
): { call: CallRecord; index: number } | undefined {
  for (const call of calls) {
    if (call.taskId !== taskId) continue;
    for (const [index, write] of call.writes)
      if (write.channel === channel && same(write.value, value)) return { call, index };
  }
  return undefined;
}

function isBefore(a: [string, string, number], b: [string, string, number]): boolean {
  for (const [i, part] of a.entries()) if (part !== b[i]) return part < b[i]!;
  return false;
}
