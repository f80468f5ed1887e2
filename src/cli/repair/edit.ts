import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint, CheckpointMetadata, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { ThreadBusyError } from "../../checkpoint/lease/errors.js";
import { DynamoDBSaverError, invalidInput } from "../../errors.js";
import { entryAt } from "../../inspect/checkpoint-state.js";
import { threadStatus } from "../../inspect/thread-status.js";
import type { TimelineEntry } from "../../inspect/timeline.js";
import type { Context } from "../context.js";
import { UsageError } from "../errors.js";
import { adviseOnInterrupt } from "../interrupt.js";
import { counted } from "../numbers.js";
import { differencesOf } from "../inspect/differences.js";
import { preview } from "../inspect/values.js";
import { openInEditor } from "./editor.js";
import { editable, editsOf, parsed, textOf, type Edit, type EditedState } from "./edited-state.js";
import { copyOf, metadataOf, putLatest, ttlOf, warningOf, wireSaver } from "./put-latest.js";

interface Options {
  from?: string;
  breakLease?: boolean;
  yes?: boolean;
}

/**
 * Lets somebody change the state of a thread's root graph as JSON. What was changed becomes a checkpoint on top of the
 * latest, with source `"update"`, as by LangGraph's `updateState` without a node: what is to run next stays so.
 */
export async function edit(
  context: Context,
  threadId: string,
  { from, breakLease = false, yes }: Options,
): Promise<void> {
  const { storage, output } = context;
  const saver = await wireSaver(context);
  const tuple = await saver.getTuple({ configurable: { thread_id: threadId, checkpoint_ns: "" } });
  if (!tuple)
    throw invalidInput(`There is no thread ${JSON.stringify(threadId)}. \`threads\` lists those that there are.`);
  const { id } = tuple.checkpoint;
  const [{ entry }, status] = await Promise.all([
    entryAt(storage, threadId, { ns: "", id }),
    threadStatus(storage, threadId),
  ]);
  requireEditable(tuple);
  if (entry.problems.length > 0)
    throw new UsageError(`Checkpoint ${id} cannot be read whole: inspect says why. rollback goes back to another.`);
  if (status.lease && !breakLease) throw new ThreadBusyError(status.lease);

  const file = from ?? (await fileFor(threadId, tuple));
  try {
    if (from === undefined) await openInEditor(file);
    const state = parsed(await readFile(file, "utf8"), threadId);
    if (state.checkpoint !== id)
      throw new DynamoDBSaverError(
        "CONFLICT",
        `The thread has gone on since: its latest checkpoint is ${id}, and the edited one was ${state.checkpoint}. ` +
          "Look at what it is now, and edit that.",
      );
    const edits = await editsOf(tuple, state);
    const checkpointId =
      edits.length > 0 && (await isWanted(context, threadId, edits, entry, warningOf(status), yes))
        ? await apply(context, threadId, tuple, edits, breakLease, ttlOf(entry))
        : undefined;
    if (from === undefined) await rm(join(file, ".."), { recursive: true });
    if (output.isJson)
      await output.json({
        threadId,
        previous: id,
        checkpointId: checkpointId ?? null,
        channels: edits.map(({ channel }) => channel),
      });
    else if (checkpointId === undefined) output.note("Nothing was changed.");
    else await output.line(`${JSON.stringify(threadId)} goes on from ${checkpointId}, with ${namesOf(edits)} changed.`);
  } catch (error) {
    if (from === undefined) output.note(`What was edited is kept in ${file}: edit --from takes it.`);
    throw error;
  }
}

/** @throws UsageError where an update would not be what it seems */
function requireEditable({ checkpoint, metadata, pendingWrites = [] }: CheckpointTuple): void {
  const versions = Object.values(checkpoint.channel_versions ?? {});
  if (checkpoint.v < 4 || !versions.every((version) => typeof version === "number"))
    throw new UsageError(
      "This checkpoint is of an older LangGraph, or not of LangGraph.js: its channels are counted in another way. " +
        "Let its graph go on by a step first.",
    );
  const deltas = Object.keys(metadata?.counters_since_delta_snapshot ?? {});
  const written = deltas.find((name) => pendingWrites.some(([, channel]) => channel === name));
  if (written !== undefined)
    throw new UsageError(
      `A task has written to ${written}, a DeltaChannel, and the step is not over: those writes would count, and ` +
        "come again. Let the run end its step first.",
    );
}

async function fileFor(threadId: string, tuple: CheckpointTuple): Promise<string> {
  // Only for whoever has made it: it is what somebody has said to an agent.
  const file = join(await mkdtemp(join(tmpdir(), "langgraph-edit-")), "state.json");
  const state: EditedState = { thread: threadId, checkpoint: tuple.checkpoint.id, values: editable(tuple).values };
  await writeFile(file, textOf(state), { mode: 0o600 });
  return file;
}

async function isWanted(
  { output }: Context,
  threadId: string,
  edits: readonly Edit[],
  { tasks, next }: TimelineEntry,
  warning: string | undefined,
  yes: boolean | undefined,
): Promise<boolean> {
  for (const { channel, before, after } of output.isJson ? [] : edits)
    for (const { path, change, before: was, after: is } of differencesOf({ [channel]: before }, { [channel]: after }))
      output.note(
        `${path.join(".")} ${change}:`,
        was === undefined ? "" : preview(was),
        "->",
        is === undefined ? "" : preview(is),
      );
  if (warning !== undefined) output.warn(warning);
  const done = tasks.filter(({ writes }) => writes > 0).length;
  const asked = tasks.some(({ interrupts, writes }) => interrupts.length > 0 && writes === 0);
  const consequences = [
    next !== undefined && next.length > 0 ? ` Next is ${next.join(", ")}, as before.` : "",
    asked ? " What waits asks anew when it runs." : "",
    done > 0 ? ` ${counted(done, "task")} of the step, which had an end, run again.` : "",
  ].join("");
  return output.confirm(
    `Put ${namesOf(edits)} as an update on top of thread ${JSON.stringify(threadId)}?${consequences}`,
    yes,
  );
}

const namesOf = (edits: readonly Edit[]): string => edits.map(({ channel }) => channel).join(", ");

async function apply(
  context: Context,
  threadId: string,
  { checkpoint: { id } }: CheckpointTuple,
  edits: readonly Edit[],
  breakLease: boolean,
  ttlSeconds: number | undefined,
): Promise<string> {
  adviseOnInterrupt("The update is the latest checkpoint, or nothing was changed: inspect tells.");
  const make: Parameters<typeof putLatest>[4] = async (saver, at) => {
    const tuple = await at(id);
    // Tasks may have written meanwhile.
    requireEditable(tuple);
    const { checkpoint } = tuple;
    const newest = Math.max(0, ...(Object.values(checkpoint.channel_versions) as number[]));
    const version = saver.getNextVersion(newest);
    const newVersions = Object.fromEntries(edits.map(({ channel }) => [channel, version]));
    const edited: Checkpoint = {
      ...copyOf(checkpoint, tuple.metadata?.step ?? -1),
      channel_values: {
        ...checkpoint.channel_values,
        ...Object.fromEntries(edits.map(({ channel, after }) => [channel, after])),
      },
      channel_versions: { ...checkpoint.channel_versions, ...newVersions },
    };
    return { parent: tuple.config, checkpoint: edited, metadata: oneStepOn(metadataOf(tuple, "update")), newVersions };
  };
  return putLatest(context, threadId, id, breakLease, make, ttlSeconds);
}

/** LangGraph counts an update as a superstep of every `DeltaChannel`. */
function oneStepOn(metadata: CheckpointMetadata & Record<string, unknown>): CheckpointMetadata {
  const counters = metadata.counters_since_delta_snapshot;
  if (!counters) return metadata;
  const next = Object.entries(counters).map(([name, [updates, steps]]) => [name, [updates, steps + 1]] as const);
  return { ...metadata, counters_since_delta_snapshot: Object.fromEntries(next) } as CheckpointMetadata;
}
