import { isInternalChannel } from "../../inspect/next-nodes.js";
import { openInterrupts } from "../../inspect/thread-status.js";
import { timeline, type TimelineEntry, type TimelineOptions } from "../../inspect/timeline.js";
import { timeOf } from "../checkpoint-time.js";
import type { Context } from "../context.js";
import { REMEDIES } from "../failures/remedies.js";
import { FoundWrong } from "../errors.js";
import { bytes as size, counted } from "../numbers.js";
import type { Column, Row } from "../table.js";
import { bold, cyan, dim, red, styled, yellow, type Text } from "../text.js";
import { entryJson } from "./json.js";
import { Lanes } from "./lanes.js";
import { preview } from "./values.js";

/** From here on there is room for whole ids and times. */
const WIDE = 150;
const MEDIUM = 96;

/** Shows a thread's checkpoints, newest first, as they are read. @throws FoundWrong when something could not be read */
export async function showTimeline(
  { storage, output }: Context,
  threadId: string,
  options: TimelineOptions,
): Promise<void> {
  const broken: Broken = { checkpoints: 0, first: undefined };
  const entries = noted(timeline(storage, threadId, options), broken);
  if (output.isJson) for await (const entry of entries) await output.json(entryJson(entry));
  else await showTables({ output, entries, limit: options.limit, ns: options.ns });
  if (broken.checkpoints === 0) return;
  const code = broken.first?.problems[0]?.code;
  const needsKey = code === "DECRYPTION_FAILED" || code === "PLAINTEXT_REFUSED";
  output.note(
    red(`${counted(broken.checkpoints, "checkpoint")} cannot be read whole.`),
    (needsKey && REMEDIES[code]) || `To look at one: --checkpoint ${broken.first?.id}`,
  );
  throw new FoundWrong();
}

interface Broken {
  checkpoints: number;
  first: TimelineEntry | undefined;
}

async function* noted(found: AsyncIterable<{ entry: TimelineEntry }>, broken: Broken): AsyncGenerator<TimelineEntry> {
  for await (const { entry } of found) {
    if (entry.problems.length > 0) broken.first ??= entry;
    if (entry.problems.length > 0) broken.checkpoints++;
    yield entry;
  }
}

interface Tables {
  output: Context["output"];
  entries: AsyncGenerator<TimelineEntry>;
  limit: number | undefined;
  ns: string | undefined;
}

/** A table for each namespace. */
async function showTables({ output, entries, limit, ns }: Tables): Promise<void> {
  let shown = 0;
  let { value: entry } = (await entries.next()) as IteratorResult<TimelineEntry, undefined>;
  if (!entry)
    output.note("No checkpoints", ns === undefined ? "in this thread." : `in namespace ${JSON.stringify(ns)}.`);
  while (entry) {
    const namespace: string = entry.ns;
    if (shown > 0) await output.line();
    if (namespace !== "") await output.line(dim("namespace"), bold(namespace));
    const lanes = new Lanes();
    async function* rows(): AsyncGenerator<Row> {
      for (
        ;
        entry?.ns === namespace;
        { value: entry } = (await entries.next()) as IteratorResult<TimelineEntry, undefined>
      ) {
        shown++;
        yield rowOf(entry, lanes, output.width);
      }
    }
    await output.table(columnsAt(output.width), rows());
  }
  if (shown === limit) output.note(dim(`The newest ${limit}. For all of them: --limit 0`));
}

function columnsAt(width: number): Column[] {
  return [
    { title: "", whole: true },
    { title: "step", whole: true },
    { title: "checkpoint", whole: true },
    { title: "time", whole: true },
    { title: "next" },
    { title: "what changed" },
    { title: "added", align: "right" },
    ...(width >= MEDIUM ? [{ title: "state", align: "right" as const }] : []),
  ];
}

function rowOf(entry: TimelineEntry, lanes: Lanes, width: number): Row {
  const { id, parent, step, source, next, stateBytes } = entry;
  // Of one that cannot be read, its id may tell.
  const time = entry.time ?? timeOf(id);
  const drawn = lanes.next({ id, parent: parent?.isThere ? parent.id : undefined });
  return [
    styled(drawn, "magenta"),
    `${step ?? "?"}${source === undefined || source === "loop" ? "" : ` ${source}`}`,
    cyan(width >= WIDE ? id : shortId(id)),
    dim(width >= WIDE ? time?.replace(/\.\d+Z$/, "Z") : time?.slice(5, 19).replace("T", " ")),
    nextText(entry, next),
    whatChanged(entry),
    addedText(entry),
    ...(width >= MEDIUM ? [stateBytes === undefined ? "" : size(stateBytes)] : []),
  ];
}

/** Of LangGraph's ids, UUIDs of version 6, the part that is the time: another checkpoint has another. */
export const shortId = (id: string): string =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-6[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id) ? id.slice(0, 18) : id;

function nextText(entry: TimelineEntry, next: string[] | undefined): Text {
  if (next === undefined) return dim("?");
  const nodes = next.length > 0 ? next.join(", ") : "end";
  return openInterrupts(entry).length > 0 ? yellow(nodes) : next.length > 0 ? nodes : dim(nodes);
}

export function whatChanged(entry: TimelineEntry): Text {
  const { changes, tasks, problems } = entry;
  const broken = problems.map(({ code, part }) => `${code}${part === undefined ? "" : `: ${part}`}`);
  const failed = tasks.filter(({ error }) => error !== undefined).map(({ error }) => `failed: ${failureText(error)}`);
  const asked = openInterrupts(entry).map((interrupt) => `waits: ${questionText(interrupt)}`);
  const changed = (changes ?? [])
    .filter(({ channel }) => !isInternalChannel(channel))
    .map(({ channel, change }) => `${{ added: "+", changed: "~", removed: "-" }[change]}${channel}`);
  const text = [...broken, ...failed, ...asked, changed.join(" "), whyNotCompared(entry)].filter(Boolean).join("; ");
  return broken.length > 0 || failed.length > 0 ? red(text) : asked.length > 0 ? yellow(text) : text;
}

/** What a task has failed with, in short. */
export const failureText = (error: unknown): string =>
  preview((error as { message?: unknown } | null)?.message ?? error);

/** What a task has asked for by an interrupt, in short. */
export const questionText = (interrupt: unknown): string =>
  preview((interrupt as { value?: unknown } | null)?.value ?? interrupt);

function whyNotCompared({ changes, parent, problems }: TimelineEntry): string {
  const isUnreadable = problems.some(({ part }) => part === undefined);
  if (changes !== undefined || isUnreadable) return "";
  if (!parent) return "(the first that pruning has left)";
  return parent.isThere ? "(its parent cannot be read)" : "(its parent is gone)";
}

/** What it has added; at least its own items. */
export const addedText = ({ itemBytes, newSegmentBytes }: TimelineEntry): string =>
  newSegmentBytes === undefined ? `≥ ${size(itemBytes)}` : size(itemBytes + newSegmentBytes);
