import { sleep } from "../../aws/client/sleep.js";
import { threadOf } from "../../checkpoint/refs.js";
import { graphOf } from "../graphs.js";
import { EventQueue } from "../http/sse.js";
import { eventsBehind } from "../log/reader.js";
import { localName, type Scope } from "../scope.js";
import { isDeleted, THREAD_DELETED } from "./deleted.js";
import { endOf, valuesOf } from "./ending.js";
import { hasEnded, readRun, type Run } from "./record.js";
import { takeUpFor } from "./take-up.js";

/* Who listens to a run that goes on elsewhere, and takes it up where nobody goes on with it. */

const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 1_000;
/** It is looked at so often whether the run has an isolate. */
const LOOK_MS = 4_000;

/** Waits until a run has ended. @returns the run as it is then; `undefined` where it was deleted */
async function whenEnded(
  scope: Scope,
  run: Run,
  each: () => Promise<boolean>,
  goesOn: (work: Promise<unknown>) => void,
  isLeft: () => boolean,
): Promise<Run | undefined> {
  let pause = FIRST_PAUSE_MS;
  let looked = 0;
  for (;;) {
    // Before the events are read: those of a run that has ended are all stored.
    const now = await readRun(scope, run.threadId, run.id);
    const isNew = await each();
    if (isLeft()) return now;
    // Of one that goes on here, the last events come when it is written down that it has ended.
    const isHere = scope.local.has(localName(scope, run.threadId, run.id));
    if (!isHere && (!now || hasEnded(now))) return now;
    pause = isNew ? FIRST_PAUSE_MS : Math.min(LAST_PAUSE_MS, pause * 1.5);
    if (now && !isNew && Date.now() - looked > LOOK_MS) {
      looked = Date.now();
      goesOn(takeUpFor(scope, now));
    }
    await sleep(pause, undefined);
  }
}

/**
 * Gives a queue the events of a run behind one of them, and then closes it. Without a log these are the events from now
 * on, where it goes on in this instance; elsewhere only its end.
 */
export async function follow(
  scope: Scope,
  run: Run,
  after: bigint,
  queue: EventQueue,
  goesOn: (work: Promise<unknown>) => void,
): Promise<void> {
  const thread = await threadOf(scope.storage, run.threadId);
  let last = after;
  const read = async (): Promise<boolean> => {
    if (!run.kwargs.resumable) {
      scope.local.get(localName(scope, run.threadId, run.id))?.listeners.add(queue);
      return false;
    }
    let isNew = false;
    for await (const event of eventsBehind(scope, thread, run.id, last)) {
      await queue.room();
      if (queue.isLeft) break;
      queue.push(event);
      last = BigInt(event.id!);
      isNew = true;
    }
    return isNew;
  };
  try {
    const ended = await whenEnded(scope, run, read, goesOn, () => queue.isLeft);
    queue.push(endOf(ended || !(await isDeleted(scope, run)) ? ended?.failure : THREAD_DELETED));
    queue.close();
  } catch {
    queue.close(new Error("The run could not be followed."));
  }
}

/** The last values of a run, when it has ended. */
export async function joined(
  scope: Scope,
  run: Run,
  goesOn: (work: Promise<unknown>) => void,
  isLeft: () => boolean = () => false,
): Promise<unknown> {
  const ended = await whenEnded(scope, run, async () => false, goesOn, isLeft);
  if (ended?.failure) return valuesOf(ended);
  if (!ended && (await isDeleted(scope, run))) return valuesOf({ status: undefined, failure: THREAD_DELETED });
  const graph = graphOf(scope, run.kwargs.assistant.name);
  return (await graph.getState({ configurable: { thread_id: run.threadId } })).values ?? {};
}
