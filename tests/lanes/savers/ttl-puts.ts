import {
  DeltaSnapshot,
  type Checkpoint,
  type CheckpointMetadata,
  type CheckpointTuple,
} from "@langchain/langgraph-checkpoint";
import type { RunnableConfig } from "@langchain/core/runnables";
import { expect } from "vitest";
import type { RawItem } from "../stored/raw-table.js";
import { endOf } from "../stored/stored-format.js";

/* What happens in a thread of which the ends are checked, and what is stored of it. */

/** What happens in a thread at one moment. Numbers choose among what there is then. */
export interface Step {
  kind: "put" | "read";
  /** Which living checkpoint is read, or is the parent; -1 is the latest. */
  checkpoint: number;
  saver: "warm" | "other" | "cold";
  /** Of the option `refreshOnRead`, of a read. */
  refresh: boolean;
  /** What a put does to the channels `document` and `list`. */
  document: "keep" | "replace" | "same as another's";
  list: "keep" | "append";
  /** In a thread with `DeltaChannel`s: which of them a task writes to, and with how much. */
  writes: { channel: "fast" | "slow"; large: boolean }[];
  /** Whether this call has a ttl of its own; 0 is none at all. */
  ttl: number;
}

export interface Put {
  config: RunnableConfig;
  checkpoint: Checkpoint;
  metadata: CheckpointMetadata;
  parent: Put | undefined;
  /** Every value written in a task of this checkpoint, by `DeltaChannel`. */
  written: { channel: string; value: string }[];
  /** Its `DeltaChannel`s that are stored in full, here or, unchanged since, in its parent. */
  full: Map<string, string[]>;
}

export const sortKeyOf = (items: ReadonlyMap<string, RawItem>, { checkpoint }: Put): string =>
  [...items.keys()].find((sortKey) => sortKey.startsWith(`C##${checkpoint.id}#~`)) ?? `C##${checkpoint.id}#~`;
export const endAt = (items: ReadonlyMap<string, RawItem>, put: Put): number =>
  endOf(items.get(sortKeyOf(items, put)) ?? { ttl: { N: "0" } });
export const writesOf = (items: ReadonlyMap<string, RawItem>, { checkpoint }: Put): [string, RawItem][] =>
  [...items].filter(([sortKey]) => sortKey.startsWith(`C##${checkpoint.id}#W`));
export const writtenTo = ({ written }: Put, channel: string): string[] =>
  written.filter((write) => write.channel === channel).map(({ value }) => value);

/** What LangGraph would make of a `DeltaChannel` at this checkpoint, by memory. */
export function deltaValue(put: Put, channel: string): string[] {
  const full = put.full.get(channel);
  if (full) return full;
  return put.parent ? [...deltaValue(put.parent, channel), ...writtenTo(put.parent, channel)] : [];
}

export function expectSame(tuple: CheckpointTuple | undefined, { checkpoint, full }: Put): void {
  expect(tuple?.checkpoint.id, "the id of a living checkpoint, read").toBe(checkpoint.id);
  const values = { ...checkpoint.channel_values };
  for (const [channel, value] of full) values[channel] = new DeltaSnapshot(value);
  expect(tuple!.checkpoint.channel_values).toEqual(values);
}
