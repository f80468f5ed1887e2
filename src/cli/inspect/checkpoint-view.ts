import {
  checkpointState,
  type ChannelState,
  type CheckpointState,
  type StateValue,
  type TaskState,
} from "../../inspect/checkpoint-state.js";
import { findCheckpoint } from "../../inspect/find-checkpoint.js";
import { isInternalChannel } from "../../inspect/next-nodes.js";
import type { Problem } from "../../inspect/tolerant-read.js";
import type { Context } from "../context.js";
import { FoundWrong } from "../errors.js";
import { bytes as size, counted } from "../numbers.js";
import { bold, cyan, dim, red, yellow, type Text } from "../text.js";
import type { Tree } from "../tree.js";
import { channelsJson, entryJson, tasksJson } from "./json.js";
import { addedText } from "./timeline-view.js";
import { valueTree, type TreeLimits } from "./values.js";

const PARTS = 20;
const LENGTH = 200;

export const limitsOf = (depth: number): TreeLimits => ({ depth, parts: PARTS, length: LENGTH });

/**
 * Shows the state at one checkpoint, with what tasks have written to it.
 * @throws FoundWrong when something could not be read
 */
export async function showCheckpoint(
  { storage, output }: Context,
  threadId: string,
  text: string,
  { ns, depth }: { ns: string | undefined; depth: number },
): Promise<void> {
  const state = await checkpointState(storage, threadId, await findCheckpoint(storage, threadId, text, ns));
  const { entry, metadata, channels, tasks } = state;
  if (output.isJson)
    await output.json({
      ...entryJson(entry),
      metadata: metadata ?? null,
      channels: channelsJson(channels),
      pendingWrites: tasksJson(tasks),
    });
  else await output.tree(stateTree(state, limitsOf(depth)));
  if (problemsOf(state).length > 0) throw new FoundWrong();
}

const problemsOf = ({ entry, channels, tasks }: CheckpointState): Problem[] => [
  ...entry.problems,
  ...[...channels, ...tasks.flatMap((task) => [task, ...task.writes])].flatMap(({ problem }) =>
    problem ? [problem] : [],
  ),
];

function stateTree({ entry, metadata, channels, tasks }: CheckpointState, limits: TreeLimits): Tree {
  const { id, ns, step, source, time, next, parent, deltas, stateBytes, endsAt, problems } = entry;
  const shown = channels.filter(({ channel }) => !isInternalChannel(channel));
  const steering = channels.filter(({ channel }) => isInternalChannel(channel));
  const isShownBelow = (part: string | undefined): boolean =>
    channels.some(({ channel }) => channel === part) || tasks.some(({ id }) => part === `(writes of task ${id})`);
  const facts: Tree[] = [
    ...(ns === "" ? [] : [fact("namespace", ns)]),
    fact("step", `${step ?? "?"} ${source ?? ""}`),
    fact("time", time ?? "?"),
    fact("parent", parent ? `${parent.id}${parent.isThere ? "" : " (gone)"}` : "none"),
    fact("next", next === undefined ? "?" : next.length > 0 ? next.join(", ") : "end"),
    fact("size", `${addedText(entry)} added${stateBytes === undefined ? "" : `, ${size(stateBytes)} in all`}`),
    ...(endsAt === Infinity ? [] : [fact("expires", new Date(endsAt * 1_000).toISOString())]),
    ...problems.filter(({ part }) => !isShownBelow(part)).map(problemTree),
  ];
  const rebuilt = Object.entries(deltas).map(([name, supersteps]): Tree => ({
    label: [
      cyan(name),
      dim(
        "DeltaChannel: put together by its graph from the writes of " +
          `${Number.isFinite(supersteps) ? counted(supersteps, "superstep") : "earlier supersteps"}. What they ` +
          `are: --channel ${name}`,
      ),
    ],
  }));
  return {
    label: [dim("checkpoint"), bold(id)],
    children: [
      ...facts,
      ...(metadata === undefined
        ? []
        : [valueTree([bold("metadata")], metadata, { ...limits, depth: Math.min(1, limits.depth) })]),
      {
        label: [bold("channels"), dim(counted(shown.length + rebuilt.length, "channel"))],
        children: [...shown.map((one) => channelTree(one, limits)), ...rebuilt],
      },
      ...(steering.length === 0
        ? []
        : [
            {
              label: [bold("steering"), dim("LangGraph's own channels")],
              children: steering.map((one) => channelTree(one, { ...limits, depth: 0 })),
            },
          ]),
      ...(tasks.length === 0
        ? []
        : [{ label: bold("pending writes"), children: tasks.map((task) => taskTree(task, limits)) }]),
    ],
  };
}

const fact = (name: string, text: string): Tree => ({ label: [dim(name), text] });
const problemTree = ({ code, message, part }: Problem): Tree => ({
  label: red(`${part === undefined ? "" : `${part}: `}${message} [${code}]`),
});

export function channelTree(state: ChannelState, limits: TreeLimits): Tree {
  const { channel, bytes, version, segments } = state;
  const parts = segments > 0 ? `, ${counted(segments, "segment")}` : "";
  return shownValue([cyan(channel), dim(`(${size(bytes)}, version ${version ?? "none"}${parts})`)], state, limits);
}

function shownValue(label: Text[], { type, value, problem }: StateValue, limits: TreeLimits): Tree {
  if (problem) return { label: [...label, red(`${problem.message} [${problem.code}]`)] };
  return valueTree(
    type === "json" || type === "bytes" ? label : [...label, dim(`of the serde's type ${type}`)],
    value,
    limits,
  );
}

function taskTree({ id, writes, problem }: TaskState, limits: TreeLimits): Tree {
  const children = writes.map((write) => {
    const name = write.index < 0 ? yellow(write.channel) : cyan(write.channel);
    return shownValue([name, dim(`(${size(write.bytes)})`)], write, {
      ...limits,
      depth: Math.max(0, limits.depth - 1),
    });
  });
  return { label: [dim("task"), id], children: problem ? [problemTree(problem), ...children] : children };
}
