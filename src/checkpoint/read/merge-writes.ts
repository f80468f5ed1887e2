import { decodeContainer } from "../../format/container.js";
import { damaged } from "../../format/format-error.js";
import type { Meter } from "../../format/meter.js";
import type { Value } from "../../format/value.js";
import type { StoredWrite, WriteAttribute } from "../../format/writes.js";

/**
 * The writes of one task by index. Of several leases, the ordinary ones are those of the youngest that has any, and
 * each special one that of the youngest that has it.
 * @param unpack reads a run's bytes
 */
export function mergeWrites(
  attributes: WriteAttribute[],
  meter: Meter,
  unpack: (value: Value) => Uint8Array,
): StoredWrite[] {
  const merged = new Map<number, StoredWrite>();
  let hasOrdinary = false;
  const tokens = [...new Set(attributes.map(({ token }) => token))].sort((a, b) => b - a);
  for (const token of tokens) {
    const some = attributes.filter((one) => one.token === token && !(hasOrdinary && one.index >= 0));
    for (const [index, write] of mergeLease(some, meter, unpack)) if (!merged.has(index)) merged.set(index, write);
    hasOrdinary ||= some.some((one) => one.index >= 0);
  }
  return [...merged.values()].sort((a, b) => a.index - b.index);
}

/** Those of one lease: the first of each ordinary index and the last of each special one. */
function mergeLease(
  attributes: WriteAttribute[],
  meter: Meter,
  unpack: (value: Value) => Uint8Array,
): Map<number, StoredWrite> {
  const byIndex = new Map<number, StoredWrite>();
  for (const early of [false, true]) {
    const some = attributes.filter(({ isEarly }) => isEarly === early);
    for (const { index, ...one } of some)
      if (one.kind === "single" && (index >= 0 || !byIndex.has(index))) byIndex.set(index, { index, ...one });
    for (const one of some)
      if (one.kind === "run")
        for (const write of unpackRun(one.index, one.count, unpack(one.value), meter)) byIndex.set(write.index, write);
  }
  return byIndex;
}

function unpackRun(first: number, count: number, bytes: Uint8Array, meter: Meter): StoredWrite[] {
  const { head, values } = decodeContainer(bytes, () => "", meter);
  if (!Array.isArray(head) || head.length !== count || values.length !== count)
    throw damaged("A run of writes has another shape");
  return values.map((value, i) => {
    const channel: unknown = head[i];
    if (typeof channel !== "string") throw damaged("A run of writes has a channel of another shape");
    // It is a part of the run's bytes, which are counted.
    if (value.segments.length > 0) throw damaged("A write in a run has segments of its own");
    return { index: first + i, channel, value };
  });
}
