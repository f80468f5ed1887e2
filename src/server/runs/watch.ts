import { NOT_IN_TIME, type Lease } from "../../checkpoint/lease/lease.js";
import { stopOf } from "../../checkpoint/lease/turns.js";
import type { LocalRun } from "../scope.js";
import type { Emitter } from "./emit.js";
import type { Run } from "./record.js";
import { DRAIN } from "./turn.js";

const TICK_MS = 200;

/** LangGraph's control of a run, as far as a graph looks at it. */
export class DrainControl {
  drainRequested = false;
  drainReason: string | undefined;

  requestDrain(reason = "shutdown"): void {
    this.drainRequested = true;
    this.drainReason ??= reason;
  }
}

/** Keeps the lease while the run goes on, and sees whether somebody wants it to stop. */
export function watch(
  here: LocalRun,
  run: Run,
  lease: Lease,
  emitter: Emitter,
  ended: AbortController,
  control: DrainControl,
): () => string | undefined {
  let asked: string | undefined;
  const abort = (what: string): void => {
    asked ??= what;
    ended.abort(new Error("The run was cancelled."));
  };
  lease.onSeen = (marker) => {
    const what = stopOf(marker, run.id);
    if (what !== undefined) abort(what);
  };
  let isRenewing = false;
  const timer = setInterval(() => {
    const what = here.asked;
    if (what === DRAIN) control.requestDrain("its isolate ends");
    else if (what !== undefined) abort(what);
    if (lease.hasEnded) ended.abort(lease.hasEnded);
    emitter.letGo(false);
    const { log } = emitter;
    if (log?.isDue && !emitter.isHolding) void log.flush().catch(() => undefined);
    if (isRenewing || lease.secondsLeft > (lease.seconds * 2) / 3) return;
    isRenewing = true;
    void lease
      .renew()
      .catch((error: unknown) => {
        if (lease.secondsLeft <= 0) lease.lost(NOT_IN_TIME, error);
      })
      .finally(() => (isRenewing = false));
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    const what = asked ?? here.asked;
    return what === DRAIN ? undefined : what;
  };
}
