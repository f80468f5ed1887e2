import { Violation } from "../model/shown.js";
import type { Stage } from "./stage.js";

/** What has to be known of a call to make it beside others. */
interface Planned {
  n: number;
  by: number;
  kind: string;
  /** How many calls before it may still be under way. */
  overlap: number;
}

interface PlannedCalls<C extends Planned> {
  calls: C[];
  instances: { name: string }[];
  /** The calls from this number on begin when all before are over. */
  turn: number;
}

/** Makes the calls of a history, in their order, some while others are under way. Ends with the first that is wrong. */
export async function sideBySide<C extends Planned>(
  stage: Stage,
  { calls, instances, turn }: PlannedCalls<C>,
  isAlone: (call: C) => boolean,
  perform: (call: C) => Promise<void>,
): Promise<void> {
  const over = new Set<C>();
  const begun = new Set<C>();
  let failure: Error | undefined;
  const begin = (): boolean => {
    const i = begun.size;
    const call = calls[i];
    if (!call || failure) return false;
    const overlap = isAlone(call) ? 0 : call.overlap;
    if (calls.some((other, j) => begun.has(other) && !over.has(other) && (j < i - overlap || isAlone(other))))
      return false;
    if (call.n >= turn && calls.some((other) => other.n < turn && !over.has(other))) return false;
    begun.add(call);
    stage.trace?.(`${instances[call.by]?.name} begins ${JSON.stringify(call)}`);
    perform(call).then(
      () => {
        over.add(call);
        stage.trace?.(`call ${call.n} ends`);
      },
      (error: unknown) => {
        over.add(call);
        failure ??= error instanceof Error ? error : new Error(String(error));
        if (failure instanceof Violation) failure = new Violation(`Call ${call.n} (${call.kind}): ${failure.message}`);
      },
    );
    return true;
  };
  await stage.drive(() => failure !== undefined || over.size === calls.length, begin);
  if (failure) throw failure;
}
