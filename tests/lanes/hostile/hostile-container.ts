import { noise } from "../savers/checkpoints.js";
import { hostileNumber, mutateJson, toJson } from "./hostile-json.js";
import type { Random } from "./random.js";
import type { RawItem } from "../stored/raw-table.js";
import {
  buildContainer,
  gzipped,
  parseContainer,
  plain,
  text,
  utf8,
  type Container,
  type Entry,
} from "../stored/stored-bytes.js";

export interface Changed {
  bytes: Uint8Array;
  /** For the message of a failure. */
  what: string;
}

/** Part by part, so that the rest still fits. */
export function changeContainer(bytes: Uint8Array, others: readonly RawItem[], random: Random): Changed | undefined {
  const container = parsed(bytes);
  if (!container) return undefined;
  const how = random.weighted({
    header: 5,
    number: 4,
    head: 4,
    type: 2,
    hash: 2,
    tail: 9,
    nested: 1,
    many: 1,
    double: 1,
    text: 1,
  });
  const { header, what } = CHANGES[how](container, random, others);
  return {
    bytes: (random.chance(0.9) ? plain : gzipped)(buildContainer(container, header)),
    what: `${how} ${what ?? ""}`,
  };
}

type Change = (container: Container, random: Random, others: readonly RawItem[]) => { header?: string; what?: string };

const CHANGES: Record<
  "header" | "number" | "head" | "type" | "hash" | "tail" | "nested" | "many" | "double" | "text",
  Change
> = {
  header: ({ head, entries }, random) => {
    const header = mutateJson([head, entries], random);
    return { header, what: header.slice(0, 200) };
  },
  head: ({ head, entries }, random) => {
    const mutated = mutateJson(head, random);
    return { header: `[${mutated},${toJson(entries)}]`, what: mutated.slice(0, 200) };
  },
  number: (container, random) => {
    const entry = random.pick(container.entries) as unknown[];
    const at = 1 + random.below(Math.max(1, entry.length - 1));
    entry[at] = hostileNumber(random);
    return { header: toJson([container.head, container.entries]), what: JSON.stringify(entry).slice(0, 100) };
  },
  type: ({ entries }, random) => {
    const entry = random.pick(entries) as Entry;
    entry[0] = random.pick(["json", "bytes", "run", "", "__proto__", "constructor", "JSON", "x".repeat(20_000)]);
    return { what: entry[0].slice(0, 20) };
  },
  hash: (container, random) => {
    const { hashes } = container;
    if (random.chance(0.5) || hashes.length === 0) {
      const entry = random.pick(container.entries) as Entry;
      const lengths = random.pick([
        [1],
        [0],
        [-1],
        [2 ** 31],
        [-(2 ** 31)],
        [2 ** 20, 2 ** 20],
        Array<number>(300).fill(1),
        Array<number>(300).fill(-4_096),
        Array<number>(2_000).fill(0),
      ]);
      entry.push(...lengths);
      const before =
        (container.entries.slice(0, container.entries.indexOf(entry) + 1) as Entry[]).reduce(
          (sum, e) => sum + e.length - 2,
          0,
        ) - lengths.length;
      hashes.splice(before, 0, ...lengths.map((_, i) => hashes[i % Math.max(1, hashes.length)] ?? noise(32, i + 1)));
      return { what: `${lengths.length} segments more of ${lengths[0]}` };
    }
    hashes[random.below(hashes.length)] = random.chance(0.5) ? noise(32, random.below(99) + 1) : random.pick(hashes);
    return { what: "of another segment" };
  },
  tail: (container, random) => {
    const { tails, entries } = container;
    // The first two of a checkpoint are its body and its metadata, which more code reads than other values.
    const at = random.below(random.chance(0.5) ? Math.min(2, tails.length) : tails.length);
    const [type] = entries[at] as Entry;
    const tail = mutatedTail(type, tails[at]!, random);
    tails[at] = tail;
    (entries[at] as Entry)[1] = tail.length;
    return { what: `${at}: ${text(tail).slice(0, 200)}` };
  },
  nested: (container, random) => {
    const { tails, entries } = container;
    const at = random.below(tails.length);
    tails[at] = buildContainer(parsed(buildContainer(container))!);
    entries[at] = [random.pick(["run", "json", "bytes"]), tails[at].length];
    return {};
  },
  many: (container, random) => {
    const count = random.pick([1_000, 20_000]);
    const empty: Entry = ["bytes", 0];
    container.entries.push(...Array<Entry>(count).fill(empty));
    const names =
      Array.isArray(container.head) && Array.isArray(container.head[0])
        ? (container.head as unknown[][])[0]!
        : undefined;
    const same = random.chance(0.5);
    names?.push(...Array.from({ length: count }, (_, i) => [same ? "same" : `c${i}`, i]));
    return { what: `${count} values` };
  },
  double: ({ head, entries, tails }, random) => {
    const names: unknown = Array.isArray(head) ? head[0] : undefined;
    if (Array.isArray(names) && names.length > 0) names.push(random.pick(names as unknown[]));
    entries.push(["json", 1]);
    tails.push(utf8("1"));
    return { what: "channel" };
  },
  text: ({ head, entries }, random) => {
    const header = random.pick([
      "",
      "null",
      "[]",
      "[[],[]]",
      "[null,null]",
      "NaN",
      "[1,2",
      "\ufeff[[],[]]",
      '[[],[["json",0]]] ',
      "[".repeat(100_000),
      toJson([head, entries]).replace(/\d+/, "1e400"),
    ]);
    return { header, what: header.slice(0, 100) };
  },
};

function mutatedTail(type: string, tail: Uint8Array, random: Random): Uint8Array {
  if (type === "run") {
    const container = parsed(tail);
    if (container && random.chance(0.5))
      return buildContainer(container, mutateJson([container.head, container.entries], random));
    if (container) {
      const head = container.head as unknown[];
      const [beginning, end] = [mutateJson(head.slice(0, 2), random), JSON.stringify(head.slice(2))];
      return buildContainer(
        container,
        `[${beginning.replace(/\]$/, "")},${end.slice(1)},${toJson(container.entries)}]`,
      );
    }
  }
  if (type === "json" && random.chance(0.8)) {
    try {
      return utf8(mutateJson(JSON.parse(text(tail)), random));
    } catch {
      // Only a part of a value, whose rest is in segments.
    }
  }
  return random.pick([
    new Uint8Array(0),
    utf8("null"),
    utf8("{"),
    utf8('"Zebracorn'),
    noise(50, random.below(50) + 1),
    tail.slice(0, random.below(tail.length + 1)),
  ]);
}

function parsed(bytes: Uint8Array): Container | undefined {
  try {
    const container = parseContainer(bytes);
    return container.tails.reduce((sum, tail) => sum + tail.length, 0) <= bytes.length ? container : undefined;
  } catch {
    return undefined;
  }
}
