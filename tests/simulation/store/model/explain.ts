import type { Moment } from "../../model/records.js";
import { fail } from "../../model/shown.js";
import type { Config, Read, State, Write } from "./records.js";

/** A key, and what was done under it. */
interface Judged {
  name: string;
  writes: Write[];
  mayLive: (write: Write, start: Moment, end: Moment) => boolean;
}

const sentence = ({ name, start, end, outcome }: Write): string =>
  `${name} (steps ${start.step} to ${end.step}, ${outcome === "unknown" ? "failed" : outcome})`;

/** Says in which way a read is wrong: by kinds, so that failures of one kind can be counted. */
export function explain(register: Judged, read: Read, before: Config[]): never {
  const states = [...new Set(before.map(({ state }) => state?.write))];
  const there = states.map((write) => (write ? sentence(write) : "nothing")).join(", or ");
  const { found } = read;
  const tail = `: ${read.name} of ${register.name} at steps ${read.start.step} to ${read.end.step}; there is ${there}`;
  if (!found)
    fail(`What ${states.some((write) => write?.ttlMs !== undefined) ? "lives" : "is there"} is absent${tail}`);
  fail(`${kindOf(register, read, found.write, before)}${tail}, and it gives ${sentence(found.write)}`);
}

function kindOf(register: Judged, read: Read, write: Write, before: Config[]): string {
  if (write.outcome === "nothing") return "The value of a put that was refused is there";
  const same = before.flatMap(({ state }) => (state?.write === write ? [state] : []));
  if (same.length > 0) return kindOfSame(register, read, write, same);
  const since = register.writes.filter(
    (other) => other.outcome === "acknowledged" && other.start.step > write.end.step && other.end.step < read.from.step,
  );
  const deletes = since.some(({ value }) => !value);
  if (write.outcome === "unknown" && since.length > 0)
    return `A put that failed has undone a later ${deletes ? "deletion" : "put"}`;
  if (write.outcome === "unknown" && read.start.ms > write.untilMs) return "A put that failed takes effect too late";
  if (since.length > 0) return `What was ${deletes ? "deleted" : "replaced"} is there again`;
  return "The order of calls is another";
}

function kindOfSame(register: Judged, { start, end, found }: Read, write: Write, same: State[]): string {
  if (!register.mayLive(write, start, end)) return "What has expired is there";
  const created = [...new Set(same.map((state) => state.created))].map(sentence).join(", or ");
  return (
    `Its times are wrong (created ${found!.createdMs}, updated ${found!.updatedMs}, and created by ${created}, ` +
    `from ${same[0]!.created.start.ms} to ${same[0]!.created.end.ms})`
  );
}
