import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { canonical } from "../calls/contents.js";
import { LOG } from "../calls/plan.js";
import type { RecordedCheckpoint, Span } from "./records.js";

/** Something that the contract does not allow. */
export class Violation extends Error {}

export interface Ids {
  thread: string;
  ns: string;
  id: string;
}

export const idsOf = ({ config }: CheckpointTuple): Ids => {
  const { thread_id, checkpoint_ns = "", checkpoint_id } = config.configurable as Record<string, string>;
  return { thread: thread_id!, ns: checkpoint_ns, id: checkpoint_id! };
};

export const show = ({ thread, ns, id }: Ids): string =>
  `${id.slice(0, 8)} of ${JSON.stringify(thread)}${ns === "" ? "" : ` ${JSON.stringify(ns)}`}`;

export const short = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…(${text.length})` : text);

/** A checkpoint without its `DeltaChannel`, as it was put or read. */
export function bodyOf({
  v,
  id,
  ts,
  channel_values,
  channel_versions,
  versions_seen,
}: CheckpointTuple["checkpoint"]): string {
  const { [LOG]: _, ...values } = channel_values;
  return canonical({ v, id, ts, channel_values: values, channel_versions, versions_seen });
}

export function logOf(values: Record<string, unknown>): string | undefined {
  const log = values[LOG] as { value?: unknown } | undefined;
  return log === undefined ? undefined : canonical(log.value ?? log);
}

export function fail(message: string): never {
  throw new Violation(message);
}

export const whyGone = (all: RecordedCheckpoint[], read: Span): string =>
  all.every((one) => read.start.ms >= one.endsMs)
    ? "and has expired"
    : all.some(({ dead }) => dead === "yes")
      ? "and its thread was deleted"
      : "and was removed, or refused";

export const whyThere = ({ sure, putEnd }: RecordedCheckpoint): string =>
  `which was acknowledged at step ${Math.min(sure, putEnd)}`;

/** Where two texts begin to differ. */
export function difference(wanted: string, got: string): string {
  let at = 0;
  while (at < wanted.length && wanted[at] === got[at]) at++;
  const from = Math.max(0, at - 60);
  return (
    `expected …${wanted.slice(from, at + 80)} (${wanted.length}), got …${got.slice(from, at + 80)} ` + `(${got.length})`
  );
}

/** An id, as docs/storage.md says that it stands in a key. */
export const keyPart = (id: string): string => id.replace(/%/g, "%25").replace(/#/g, "%23");
