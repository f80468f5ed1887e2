import type { Lease } from "../../checkpoint/lease/lease.js";
import { readRow, type ThreadRow } from "../directory.js";
import { rowBusy } from "../row-changes.js";
import { graphOf } from "../graphs.js";
import { isFields } from "../http/fields.js";
import type { EventQueue } from "../http/sse.js";
import type { Scope } from "../scope.js";
import { leaveDeleted } from "./deleted.js";
import { release, type Ending } from "./ending.js";
import { own, runConfig } from "./own.js";
import { claimRun, isRunOf, type Kwargs, type Run } from "./record.js";
import { boundAnswer } from "./resume.js";
import { leaveQueue } from "./turn.js";

const FIRST_CHARS = 256;

/** The beginning of the first message, which stands for the thread in a list. */
function firstOf(input: unknown): ThreadRow["first"] {
  const messages = isFields(input) ? [input.messages].flat() : [];
  const [message] = messages;
  const content = typeof message === "string" ? message : isFields(message) ? message.content : undefined;
  if (typeof content !== "string" || content === "") return undefined;
  const type = isFields(message) ? (message.type ?? message.role) : undefined;
  const isOther = typeof type === "string" && type !== "user";
  return { type: isOther ? type.slice(0, FIRST_CHARS) : "human", content: content.slice(0, FIRST_CHARS) };
}

/** The thread is busy with the run from now on. False where it is gone. */
export const busy = (
  scope: Scope,
  row: ThreadRow,
  { id, kwargs: { assistant, input } }: Run,
  guard?: string,
): Promise<boolean> =>
  rowBusy(scope, row, id, { graph_id: assistant.name, assistant_id: assistant.id }, firstOf(input), guard);

/** Binds its answer, if it has one, to the question that waits. */
export const bind = (scope: Scope, run: Run, lease: Lease): Promise<Kwargs> => {
  const { kwargs } = run;
  const { configurable } = runConfig(run, lease);
  const config = { configurable: { ...configurable, ...kwargs.checkpoint } };
  return boundAnswer(scope, graphOf(scope, kwargs.assistant.name), config, kwargs);
};

/** A run that has waited, or whose isolate has died, under its lease from now on. */
export async function runNow(scope: Scope, run: Run, lease: Lease, queue?: EventQueue): Promise<Ending | undefined> {
  let claimed: Run;
  try {
    await leaveQueue(scope, run.threadId, run.id);
    const isFirst = run.attempt === 0;
    const kwargs = isFirst ? await bind(scope, run, lease) : run.kwargs;
    claimed = { ...run, kwargs, attempt: run.attempt + 1, token: lease.token };
    const row = await readRow(scope, run.threadId);
    const isThere = row !== undefined && isRunOf(run, row) && (await claimRun(scope, run, lease.token, kwargs));
    if (!isThere || !(await busy(scope, row, claimed))) {
      await release(scope, lease);
      await leaveDeleted(scope, claimed);
      return undefined;
    }
  } catch (error) {
    await release(scope, lease).catch(() => undefined);
    throw error;
  }
  return own(scope, claimed, lease, run.attempt === 0, queue);
}
