import { sleep } from "../../aws/client/sleep.js";
import { threadOf } from "../../checkpoint/refs.js";
import { changeTurns } from "../../checkpoint/lease/turns.js";
import { changedTooOften } from "../../errors.js";
import type { Scope } from "../scope.js";
import { dropWaiting, release, settle } from "./ending.js";
import { hasEnded, readRun, type Run } from "./record.js";
import { askHere, tryLease, turnsOf } from "./turn.js";

const MAX_ROUNDS = 20;
const ASK_MS = 250;

export type CancelAction = "interrupt" | "rollback";

/** Ends a run, wherever it is. What has ended has ended. */
export async function cancel(scope: Scope, run: Run, action: CancelAction): Promise<void> {
  const { threadId, id } = run;
  const thread = await threadOf(scope.storage, threadId);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const now = await readRun(scope, threadId, id);
    if (!now || hasEnded(now)) return;
    const { marker, holder, queue } = await turnsOf(scope, threadId);
    if (marker && queue.includes(id)) {
      const left = queue.filter((one) => one !== id);
      const isOut = await changeTurns(scope.storage.db, thread, marker, { queue: left });
      if (isOut && (await dropWaiting(scope, threadId, id, action))) return;
      continue;
    }
    if (marker && holder === id) {
      askHere(scope, threadId, id, action);
      if (await changeTurns(scope.storage.db, thread, marker, { stop: { holder: id, what: action } })) return;
      continue;
    }
    if (now.status === "pending") {
      if (await dropWaiting(scope, threadId, id, action)) return;
      continue;
    }
    // Its isolate has died.
    const lease = await tryLease(scope, threadId, id);
    if (!lease) {
      await sleep(ASK_MS, undefined);
      continue;
    }
    try {
      await settle(scope, now, lease, { status: "interrupted" }, action);
    } finally {
      await release(scope, lease).catch(() => undefined);
    }
    return;
  }
  throw changedTooOften("The lease of a run", MAX_ROUNDS);
}

/** Until a run that was cancelled has ended and has left its thread, or for so long. */
export async function untilEnded(scope: Scope, { threadId, id }: Run, ms: number): Promise<void> {
  for (const since = Date.now(); Date.now() - since < ms;) {
    const now = await readRun(scope, threadId, id);
    if ((!now || hasEnded(now)) && (await turnsOf(scope, threadId)).holder !== id) return;
    await sleep(ASK_MS, undefined);
  }
}
