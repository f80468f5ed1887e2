import { channelStates, entryAt, type ChannelState } from "../../inspect/checkpoint-state.js";
import { getDeltaHistory } from "../../checkpoint/read/delta-history.js";
import { findCheckpoint, type CheckpointName } from "../../inspect/find-checkpoint.js";
import { plainSerde } from "../../format/serde/plain-serde.js";
import { timeline, type ReadEntry } from "../../inspect/timeline.js";
import { problemOf, type Problem } from "../../inspect/tolerant-read.js";
import type { Context } from "../context.js";
import { invalidInput } from "../../errors.js";
import { FoundWrong } from "../errors.js";
import { bytes as size, counted } from "../numbers.js";
import type { Row } from "../table.js";
import { bold, cyan, dim, red } from "../text.js";
import type { Tree } from "../tree.js";
import { channelTree, limitsOf } from "./checkpoint-view.js";
import { valueJson } from "./json.js";
import { shortId } from "./timeline-view.js";
import { kindOf, preview, valueTree } from "./values.js";

interface Options {
  checkpoint: string | undefined;
  ns: string | undefined;
  limit: number | undefined;
  depth: number;
}

/** A change of one channel. */
interface Change {
  found: ReadEntry;
  change: string;
  /** Absent where it was removed, and for a `DeltaChannel`, which is stored only now and then. */
  state: ChannelState | undefined;
}

/**
 * Shows one channel's value at a checkpoint, and when it changed until then.
 * @throws FoundWrong when something could not be read
 */
export async function showChannel(
  context: Context,
  threadId: string,
  channel: string,
  { checkpoint = "latest", ns, limit, depth }: Options,
): Promise<void> {
  const { storage, output } = context;
  const name = await findCheckpoint(storage, threadId, checkpoint, ns);
  await requireChannel(context, threadId, channel, name);
  const problems: Problem[] = [];
  const noted = (change: Change): Change => {
    if (change.state?.problem) problems.push(change.state.problem);
    return change;
  };
  if (output.isJson) {
    for await (const change of changesOf(context, threadId, channel, name, limit))
      await output.json(changeJson(noted(change), channel));
  } else {
    await output.tree(await valueAt(context, threadId, channel, name, depth, problems));
    await output.line();
    async function* rows(): AsyncGenerator<Row> {
      for await (const change of changesOf(context, threadId, channel, name, limit)) yield rowOf(noted(change));
    }
    await output.table(
      [
        { title: "changed at", whole: true },
        { title: "step", whole: true },
        { title: "time", whole: true },
        { title: "change", whole: true },
        { title: "size", align: "right" },
        { title: "value" },
      ],
      rows(),
    );
  }
  if (problems.length > 0) throw new FoundWrong();
}

/** @throws DynamoDBSaverError `INVALID_INPUT` where the checkpoint has no such channel, and none before it had */
async function requireChannel(
  context: Context,
  threadId: string,
  channel: string,
  name: CheckpointName,
): Promise<void> {
  const { entry, stored } = await entryAt(context.storage, threadId, name);
  if (!stored || stored.frame.channels.has(channel) || Object.hasOwn(entry.deltas, channel)) return;
  for await (const _ of changesOf(context, threadId, channel, name, 1)) return;
  throw invalidInput(
    `There is no channel ${JSON.stringify(channel)} at checkpoint ${name.id}, nor was there before. Those that there ` +
      `are: ${[...stored.frame.channels.keys(), ...Object.keys(entry.deltas)].join(", ")}.`,
  );
}

async function* changesOf(
  { storage }: Context,
  threadId: string,
  channel: string,
  { ns, id }: CheckpointName,
  limit = Infinity,
): AsyncGenerator<Change> {
  let left = limit;
  let isReached = false;
  for await (const found of timeline(storage, threadId, { ns })) {
    isReached ||= found.entry.id === id;
    const change = isReached ? found.entry.changes?.find((one) => one.channel === channel) : undefined;
    if (!change) continue;
    const [state] = found.stored ? await channelStates(storage, found.stored, [channel]) : [];
    yield { found, change: change.change, state };
    if (--left <= 0) return;
  }
}

function changeJson({ found: { entry }, change, state }: Change, channel: string): Record<string, unknown> {
  const place = {
    namespace: entry.ns,
    checkpointId: entry.id,
    parentId: entry.parent?.id ?? null,
    step: entry.step ?? null,
    time: entry.time ?? null,
  };
  return { ...place, change, ...(state ? valueJson(state) : { channel }) };
}

function rowOf({ found: { entry }, change, state }: Change): Row {
  const value = state?.problem
    ? red(`${state.problem.message} [${state.problem.code}]`)
    : state
      ? glimpse(state.value)
      : change === "removed"
        ? ""
        : dim("only written to");
  const time = dim(entry.time?.slice(5, 19).replace("T", " "));
  return [cyan(shortId(entry.id)), entry.step, time, change, state ? size(state.bytes) : "", value];
}

/** Of a list what came last: what a conversation has added. */
const glimpse = (value: unknown): string =>
  Array.isArray(value) && value.length > 0 ? `${kindOf(value)}, last ${preview(value.at(-1))}` : preview(value);

async function valueAt(
  { storage }: Context,
  threadId: string,
  channel: string,
  name: CheckpointName,
  depth: number,
  problems: Problem[],
): Promise<Tree> {
  const { entry, stored } = await entryAt(storage, threadId, name);
  const label = [dim("channel"), bold(channel), dim(`at ${entry.id}`)];
  const [state] = stored ? await channelStates(storage, stored, [channel]) : [];
  if (state?.problem) problems.push(state.problem);
  if (state) return { label, children: [channelTree(state, { ...limitsOf(Math.max(depth, 1)), length: 10_000 })] };
  if (!stored) problems.push(...entry.problems);
  if (!stored)
    return { label, children: entry.problems.map(({ message, code }) => ({ label: red(`${message} [${code}]`) })) };
  if (!(channel in entry.deltas))
    return {
      label,
      children: [{ label: `It has no value here. Those that have: ${[...stored.frame.channels.keys()].join(", ")}` }],
    };
  return { label, children: await deltaTrees(storage, threadId, channel, name, depth, problems) };
}

/** What a `DeltaChannel` is put together from. */
async function deltaTrees(
  storage: Context["storage"],
  threadId: string,
  channel: string,
  { ns, id }: CheckpointName,
  depth: number,
  problems: Problem[],
): Promise<Tree[]> {
  try {
    const { [channel]: history } = await getDeltaHistory(
      { ...storage, serde: plainSerde },
      threadId,
      { ns, checkpointId: id },
      [channel],
    );
    const { seed, writes = [] } = history ?? {};
    const limits = limitsOf(depth);
    return [
      {
        label: dim(
          "DeltaChannel: its graph puts it together from what was stored last, and what tasks have written since",
        ),
      },
      seed === undefined ? { label: dim("never stored in full") } : valueTree([bold("stored")], seed, limits),
      {
        label: [bold("written"), dim(counted(writes.length, "time"))],
        children: writes.map(([task, , value]) => valueTree([dim(`by ${task}`)], value, limits)),
      },
    ];
  } catch (error) {
    const problem = problemOf(error, channel);
    problems.push(problem);
    return [{ label: red(`${problem.message} [${problem.code}]`) }];
  }
}
