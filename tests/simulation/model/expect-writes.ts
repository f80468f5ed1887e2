import { compareText } from "../world/values.js";
import { certain, possible, type RecordedWrites, type Span } from "./records.js";

/** One write that a task may or must have left. */
export interface ExpectedWrite {
  task: string;
  path: string;
  index: number;
  /** Those that it may be, as they are shown. */
  candidates: Map<string, string>;
  must: boolean;
}

/**
 * What is there of the writes of one checkpoint, in LangGraph's order: by path, task and index.
 *
 * The first write of an index stays; of the special channels the last one does. Calls of one instance take effect in
 * the order in
 * which they were made; and what arrives late changes nothing that was acknowledged since.
 *
 * @param lasts whether these must still be there, whatever their own life
 * @param isGoing whether these may be removed now
 */
export function expectedWrites(
  all: RecordedWrites[],
  read: Span,
  lasts: (writes: RecordedWrites) => boolean,
  isGoing: (writes: RecordedWrites) => boolean,
): ExpectedWrite[] {
  const groups = new Map<string, { writes: RecordedWrites; entry: RecordedWrites["entries"][number] }[]>();
  for (const writes of all) {
    if (!possible(writes, read)) continue;
    for (const entry of writes.entries) {
      const key = `${writes.task} ${entry.index}`;
      groups.set(key, [...(groups.get(key) ?? []), { writes, entry }]);
    }
  }
  const isThere = (writes: RecordedWrites): boolean =>
    writes.isAcknowledged &&
    writes.end <= read.start.step &&
    !isGoing(writes) &&
    (certain(writes, read) || (lasts(writes) && writes.mayGo > read.end.step));
  const expected: ExpectedWrite[] = [];
  for (const group of groups.values()) {
    const precedes = (a: RecordedWrites, b: RecordedWrites): boolean =>
      a.end <= b.start || (a.by === b.by && a.start < b.start);
    const candidates = group.filter(
      ({ writes, entry }) =>
        !group.some(
          (other) =>
            other.writes !== writes &&
            isThere(other.writes) &&
            (entry.special ? precedes(writes, other.writes) : precedes(other.writes, writes)),
        ),
    );
    const [{ writes, entry }] = group as [(typeof group)[number]];
    expected.push({
      task: writes.task,
      path: writes.path,
      index: entry.index,
      candidates: new Map(candidates.map((one) => [one.entry.shown, one.entry.channel])),
      must: group.some((one) => isThere(one.writes)),
    });
  }
  return expected.sort((a, b) => compareText(a.path, b.path) || compareText(a.task, b.task) || a.index - b.index);
}

/** Compares what was read with what is expected: what is wrong, if anything. */
export function compareWrites(expected: ExpectedWrite[], read: string[], channel?: string): string | undefined {
  let at = 0;
  for (const { candidates, must } of expected) {
    const allowed =
      channel === undefined
        ? [...candidates.keys()]
        : [...candidates].flatMap(([shown, of]) => (of === channel ? [shown] : []));
    if (allowed.length === 0) continue;
    if (at < read.length && allowed.includes(read[at]!)) at++;
    else if (must && allowed.length === candidates.size)
      return `has no write ${short(allowed.join(" or "))}, but ${short(read.join(" ")) || "none"}`;
  }
  return at === read.length
    ? undefined
    : `has a write ${short(read[at]!)} that is not one of ` +
        `${short(expected.map(({ candidates }) => [...candidates.keys()].join("|")).join(" ")) || "none"}`;
}

const short = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text);
