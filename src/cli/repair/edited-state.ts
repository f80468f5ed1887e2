import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { isPlainObject } from "../../checks.js";
import { defaultSerde } from "../../format/serde/serde.js";
import { isInternalChannel } from "../../inspect/next-nodes.js";
import { UsageError } from "../errors.js";
import { OpaqueValue } from "./wire-serde.js";

/** The state of a thread as somebody edits it. */
export interface EditedState {
  thread: string;
  /** The checkpoint that it is of. */
  checkpoint: string;
  /** Channels with their values, as JSON. */
  values: Record<string, unknown>;
}

/** What of a checkpoint can be edited, and which channels cannot. */
export function editable({ checkpoint, metadata }: CheckpointTuple): {
  values: Record<string, unknown>;
  others: string[];
} {
  const shown = Object.entries(checkpoint.channel_values).filter(([name]) => !isInternalChannel(name));
  const isOpaque = (value: unknown): boolean => value instanceof OpaqueValue;
  const deltas = Object.keys(metadata?.counters_since_delta_snapshot ?? {});
  return {
    values: Object.fromEntries(shown.filter(([name, value]) => !isOpaque(value) && !deltas.includes(name))),
    others: [
      ...shown.filter(([name, value]) => isOpaque(value) && !deltas.includes(name)).map(([name]) => name),
      ...deltas,
    ],
  };
}

export const textOf = (state: EditedState): string => `${JSON.stringify(state, undefined, 2)}\n`;

/** @throws UsageError when it is not such a text */
export function parsed(text: string, threadId: string): EditedState {
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch (error) {
    // Where it is wrong, and not what stands there.
    const [place] = /(line \d+ column \d+|position \d+)/.exec(error instanceof Error ? error.message : "") ?? [];
    throw new UsageError(`That is not JSON${place === undefined ? "" : ` (${place})`}.`);
  }
  const { thread, checkpoint, values } = (state ?? {}) as Partial<EditedState>;
  if (thread !== threadId)
    throw new UsageError(`It is the state of another thread: "thread" has to be ${JSON.stringify(threadId)}.`);
  if (typeof checkpoint !== "string" || !isPlainObject(values))
    throw new UsageError('It needs "checkpoint", the id that it had, and "values", an object.');
  return { thread, checkpoint, values };
}

/** A channel whose value was changed. */
export interface Edit {
  channel: string;
  /** `undefined` where it had none. */
  before: unknown;
  after: unknown;
}

/** @throws UsageError for what cannot be edited */
export async function editsOf(tuple: CheckpointTuple, { values }: EditedState): Promise<Edit[]> {
  const { values: before, others } = editable(tuple);
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(values, name));
  if (gone.length > 0)
    throw new UsageError(`A channel cannot be taken away: ${gone.join(", ")}. Give it an empty value, or null.`);
  const edits: Edit[] = [];
  for (const [channel, after] of Object.entries(values)) {
    if (Object.hasOwn(before, channel) && JSON.stringify(before[channel]) === JSON.stringify(after)) continue;
    if (isInternalChannel(channel)) throw new UsageError(`${channel} is one of LangGraph's own channels.`);
    if (others.includes(channel))
      throw new UsageError(
        `${channel} cannot be edited here: its graph puts it together from earlier writes (DeltaChannel), or its ` +
          "value is not JSON. The graph's updateState() can.",
      );
    const edit: Edit = { channel, before: Object.hasOwn(before, channel) ? before[channel] : undefined, after };
    await requireReadable(edit);
    edits.push(edit);
  }
  return edits;
}

/** A value that was read by the saver's serde has to be so again. */
async function requireReadable({ channel, before, after }: Edit): Promise<void> {
  if (await isReadable(after)) return;
  if (before !== undefined && !(await isReadable(before))) return;
  throw new UsageError(
    `The new value of ${channel} cannot be read by LangChain: an object in it ("lc": 1) has another shape than before.`,
  );
}

async function isReadable(value: unknown): Promise<boolean> {
  try {
    await defaultSerde.loadsTyped("json", JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
