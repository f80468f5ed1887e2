import type { RawItem } from "./raw-table.js";

/** As much of the sort keys as a test needs to see what an item is. The incarnation of the thread stands at the end. */
export const isCheckpoint = ({ SK }: RawItem): boolean => /^C#[^#]*#[^#]*#~[\w-]*$/.test(SK!.S!);

/** What stands, until it expires, in the place of a checkpoint that was removed, or of an object. */
export const isTombstone = (item: RawItem): boolean =>
  item.ttl !== undefined && (item.void !== undefined || item.deleting !== undefined);

/** Writes of a task, or of any. */
export const isWrites = ({ SK }: RawItem, task?: string): boolean => {
  const [kind, , , mark, name] = SK!.S!.split("#");
  return kind === "C" && mark === "W" && (task === undefined || name === task);
};

/** The id of the checkpoint that an item is, or belongs to. */
export const checkpointIdOf = ({ SK }: RawItem): string => SK!.S!.split("#")[2]!;

/** The incarnation of a checkpoint. */
export const bornOf = ({ SK }: RawItem): string => /#~([\w-]*)$/.exec(SK!.S!)![1]!;

/** The incarnation of writes; undefined where it was not known when they were put. */
export const bornOfWrites = ({ SK }: RawItem): string | undefined => SK!.S!.split("#")[5];

/** What is the same in every incarnation. */
export const withoutBorn = (sortKey: string): string =>
  sortKey.replace(/^(C#[^#]*#[^#]*#(?:~|W#[^#]*)).*$/s, "$1").replace(/^([SP]#)[^#]*#/, "$1");
