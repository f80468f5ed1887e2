import { changesOf, type ChannelChange } from "../../inspect/changes.js";
import { channelStates, entryAt, type ChannelState } from "../../inspect/checkpoint-state.js";
import { findCheckpoint } from "../../inspect/find-checkpoint.js";
import { isInternalChannel } from "../../inspect/next-nodes.js";
import type { ReadEntry } from "../../inspect/timeline.js";
import type { Context } from "../context.js";
import { FoundWrong, UsageError } from "../errors.js";
import { bytes as size } from "../numbers.js";
import { bold, cyan, dim, green, red, yellow, type Text } from "../text.js";
import type { Tree } from "../tree.js";
import { differencesOf, type Difference } from "./differences.js";
import { valueJson } from "./json.js";
import { preview, valueTree } from "./values.js";

const LIMITS = { depth: 2, parts: 20, length: 200 };

/** A channel that is different. */
interface ChannelDifference extends ChannelChange {
  before: ChannelState | undefined;
  after: ChannelState | undefined;
  /** Where both can be read. */
  differences: Difference[] | undefined;
}

/** Shows what two checkpoints differ in, or one and its parent. @throws FoundWrong when something could not be read */
export async function showDiff(
  { storage, output }: Context,
  threadId: string,
  first: string,
  second: string | undefined,
  ns: string | undefined,
): Promise<void> {
  const named = await findCheckpoint(storage, threadId, first, ns);
  const from = second === undefined ? await parentOf(storage, threadId, named) : named;
  const to = second === undefined ? named : await findCheckpoint(storage, threadId, second, ns);
  const before = from && (await entryAt(storage, threadId, from));
  const after = await entryAt(storage, threadId, to);
  const unreadable = [before, after].filter((found) => found && !found.stored) as ReadEntry[];
  const channels = unreadable.length === 0 ? await differing(storage, before, after) : [];

  if (output.isJson) {
    const place = (found: ReadEntry | undefined): unknown =>
      found ? { namespace: found.entry.ns, checkpointId: found.entry.id, step: found.entry.step ?? null } : null;
    await output.json({
      before: place(before),
      after: place(after),
      problems: unreadable.flatMap(({ entry }) => entry.problems),
      channels: channels.map(channelJson),
    });
  } else {
    await output.tree({
      label: [dim("from"), bold(before?.entry.id ?? "nothing"), dim("to"), bold(after.entry.id)],
      children: [
        ...unreadable.flatMap(({ entry }) =>
          entry.problems.map(({ message, code }) => ({ label: [entry.id, red(`${message} [${code}]`)] })),
        ),
        ...channels.filter(({ channel }) => !isInternalChannel(channel)).map(channelTree),
        ...(unreadable.length === 0 && channels.every(({ channel }) => isInternalChannel(channel))
          ? [{ label: dim("No channel of the state is different.") }]
          : []),
      ],
    });
  }
  if (unreadable.length > 0 || channels.some(({ before, after }) => before?.problem || after?.problem))
    throw new FoundWrong();
}

/** `undefined` for a first checkpoint, which differs from nothing in everything. */
async function parentOf(
  storage: Context["storage"],
  threadId: string,
  name: { ns: string; id: string },
): Promise<{ ns: string; id: string } | undefined> {
  const { parent } = (await entryAt(storage, threadId, name)).entry;
  if (parent && !parent.isThere)
    throw new UsageError(`The parent of ${name.id}, ${parent.id}, is gone. Give two checkpoints that are there.`);
  return parent && { ns: name.ns, id: parent.id };
}

/** Only what differs is read: what is the same has the same segments. */
async function differing(
  storage: Context["storage"],
  before: ReadEntry | undefined,
  after: ReadEntry,
): Promise<ChannelDifference[]> {
  const changes = changesOf(after.stored!.frame, before?.stored?.frame);
  const names = changes.map(({ channel }) => channel);
  const old = before ? await channelStates(storage, before.stored!, names) : [];
  const now = await channelStates(storage, after.stored!, names);
  return changes.map((change) => {
    const [was, is] = [old, now].map((states) => states.find(({ channel }) => channel === change.channel));
    const canRead = was && is && !was.problem && !is.problem;
    return { ...change, before: was, after: is, differences: canRead ? differencesOf(was.value, is.value) : undefined };
  });
}

function channelJson({ channel, change, before, after, differences }: ChannelDifference): Record<string, unknown> {
  return {
    channel,
    change,
    before: before ? valueJson(before) : null,
    after: after ? valueJson(after) : null,
    differences: differences ?? null,
  };
}

function channelTree({ channel, change, before, after, differences }: ChannelDifference): Tree {
  const grown = dim([before, after].map((state) => (state ? size(state.bytes) : "none")).join(" to "));
  const broken = [before, after].flatMap((state) =>
    state?.problem ? [{ label: red(`${state.problem.message} [${state.problem.code}]`) }] : [],
  );
  if (broken.length > 0) return { label: [yellow("~"), cyan(channel), grown], children: broken };
  if (change === "added") return valueTree([green("+"), cyan(channel)], after?.value, LIMITS);
  if (change === "removed") return { label: [red("-"), cyan(channel), red(preview(before?.value, LIMITS.length))] };
  // Serialized in another order, or another version of a serde.
  const children =
    differences!.length > 0
      ? differences!.map(differenceTree)
      : [{ label: dim("stored in other bytes, with the same value") }];
  return { label: [yellow("~"), cyan(channel), grown], children };
}

function differenceTree({ path, change, before, after, from }: Difference): Tree {
  const where = cyan(pathText(path));
  if (change === "added") return valueTree(named(green("+"), where), after, LIMITS);
  if (change === "removed") return { label: named(red("-"), where, red(preview(before, LIMITS.length))) };
  if (change === "moved") return { label: named(yellow(">"), where, dim(`was at [${from}]`)) };
  return {
    label: named(yellow("~"), where),
    children: [
      { label: [red("-"), preview(before, LIMITS.length)] },
      { label: [green("+"), preview(after, LIMITS.length)] },
    ],
  };
}

/** Without what is empty: the whole value has no path. */
const named = (...parts: Text[]): Text[] =>
  parts.filter((part) => part !== undefined && !(typeof part === "object" && part.text === ""));

const pathText = (path: readonly (string | number)[]): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
