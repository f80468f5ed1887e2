import { gzipSync } from "fflate";
import { noise } from "./checkpoints.js";
import { hostileNumber, mutateJson, toJson } from "./hostile-json.js";
import type { Random } from "./random.js";
import type { RawItem } from "./raw-table.js";
import { binary, buildContainer, CODEC, concat, deflated, fromBase64, gzipped, parseContainer, plain, text, utf8, type Container, type Entry } from "./stored-bytes.js";

/*
 * Items that this package has not written: a real one with something changed. What is changed is chosen by somebody who
 * knows the layout, because blind changes hardly come past the first check.
 */

/** An item with attributes of any type that DynamoDB has. */
export type HostileItem = Record<string, Record<string, unknown>>;

export interface Mutant {
  item: HostileItem;
  /** For the message of a failure. */
  what: string;
}

/** @param others where foreign parts come from */
export function mutateItem(original: RawItem, others: readonly RawItem[], random: Random): Mutant {
  const hasBytes = binariesOf(original).length > 0;
  return hasBytes && random.chance(0.75) ? mutateBytes(original, others, random) : changeAttributes(original, others, random);
}

/** As {@link mutateItem}, but only what a binary attribute holds. */
export function mutateBytes(original: RawItem, others: readonly RawItem[], random: Random): Mutant {
  const name = random.pick(binariesOf(original));
  const stored = fromBase64(original[name]!.B!);
  let changed = changeBytes(stored, others, random);
  // An item has no more than 400 KB.
  if (changed.bytes.length > 390_000) changed = changeBlindly(stored, random);
  const { bytes, what } = changed;
  return { item: { ...original, [name]: binary(bytes) }, what: `${shortKey(original)} ${name}: ${what.slice(0, 200)}` };
}

export const binariesOf = (item: RawItem): string[] => Object.keys(item).filter((name) => item[name]!.B !== undefined);

const shortKey = ({ SK }: RawItem): string => SK!.S!.replace(/(\w)\1{9,}|(sub:|task){5,}/g, "…");

const VALUES: Record<string, unknown>[] = [
  { S: "" }, { S: "x" }, { S: "%" }, { S: "%-" }, { S: "__proto__" }, { S: "\u0000" }, { S: "x".repeat(3_000) },
  { N: "0" }, { N: "1" }, { N: "-1" }, { N: "99" }, { N: "0.5" }, { N: "2147483648" }, { N: "9007199254740993" }, { N: "1e125" }, { N: "-1e125" },
  { B: "" }, { B: "AA==" }, { B: "AQID" }, { BOOL: true }, { NULL: true }, { M: {} }, { M: { __proto__: { S: "x" } } }, { L: [] }, { SS: ["a"] }, { NS: ["1"] }, { BS: ["AA=="] },
]; // prettier-ignore

const ATTRIBUTES = [
  "data", "v", "n", "ttl", "ends", "ns", "id", "parent", "path", "task", "thread", "born", "head", "void", "created",
  "w0", "w00", "w007", "w1", "w-0", "w-1", "w-99999", "w2147483648", "w99999999999999999999", "w1e5", "w", "__proto__", "constructor", "toString", "hasOwnProperty",
]; // prettier-ignore

function changeAttributes(original: RawItem, others: readonly RawItem[], random: Random): Mutant {
  const item: HostileItem = { ...(original) };
  const own = Object.keys(original).filter((name) => name !== "PK" && name !== "SK");
  const how = random.weighted({ retype: 4, remove: 3, add: 4, foreign: 3, circle: 2, empty: 0.5 });
  const name = own.length === 0 || how === "add" ? random.pick(ATTRIBUTES) : random.pick(own);
  const set = (attribute: string, value: Record<string, unknown>): void => void Object.defineProperty(item, attribute, { value, enumerable: true, configurable: true, writable: true });
  if (how === "retype" || how === "add") set(name, random.pick(VALUES));
  if (how === "remove") delete item[name];
  if (how === "empty") for (const attribute of own) delete item[attribute];
  if (how === "foreign") {
    const other = random.pick(others);
    for (const attribute of Object.keys(other)) if (attribute !== "PK" && attribute !== "SK" && random.chance(0.7)) set(attribute, other[attribute]!);
  }
  if (how === "circle") {
    // A parent that is a child: its own, or of another.
    const ids = others.flatMap(({ SK }) => /^C#[^#]*#([^#]+)#~$/.exec(SK!.S!)?.[1] ?? []);
    set("parent", { S: random.pick(ids) });
  }
  return { item, what: `${shortKey(original)}: ${how} ${name} ${JSON.stringify(item[name])?.slice(0, 80)}` };
}

interface Changed {
  bytes: Uint8Array;
  what: string;
}

function changeBytes(stored: Uint8Array, others: readonly RawItem[], random: Random): Changed {
  const how = stored[0] === CODEC.plain ? random.weighted({ blind: 2, container: 6, codec: 2, replace: 1 }) : random.weighted({ blind: 5, codec: 1, replace: 1 });
  if (how === "container") return changeContainer(stored.subarray(1), others, random) ?? changeBlindly(stored, random);
  if (how === "codec") return wrap(stored[0] === CODEC.plain ? stored.subarray(1) : stored, random);
  if (how === "replace") return replace(others, random);
  return changeBlindly(stored, random);
}

/** What the saver itself does not know the meaning of. */
function changeBlindly(stored: Uint8Array, random: Random): Changed {
  const at = random.below(stored.length);
  const how = random.weighted({ flip: 5, cut: 3, cutStart: 1, insert: 2, remove: 2, length: 3, codec: 3, fill: 1 });
  const length = 1 + random.below(40);
  switch (how) {
    case "flip":
      return { bytes: stored.with(at, stored[at]! ^ (1 << random.below(8))), what: `flip a bit of byte ${at}` };
    case "cut":
      return { bytes: stored.slice(0, at), what: `cut at ${at}` };
    case "cutStart":
      return { bytes: stored.slice(at), what: `cut to ${at}` };
    case "insert":
      return { bytes: concat(stored.subarray(0, at), noise(length, at + 1), stored.subarray(at)), what: `insert ${length} at ${at}` };
    case "remove":
      return { bytes: concat(stored.subarray(0, at), stored.subarray(at + length)), what: `remove ${length} at ${at}` };
    case "length": {
      // The u32 in front of a container's header.
      const bytes = stored.slice();
      const value = random.pick([0, 1, 3, stored.length, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
      if (bytes.length >= 5) new DataView(bytes.buffer).setUint32(1, value);
      return { bytes, what: `length of the header ${value}` };
    }
    case "codec": {
      const codec = random.pick([0, 1, 2, 3, 4, 200, 255]);
      return { bytes: stored.with(0, codec), what: `codec ${codec}` };
    }
    case "fill":
      return { bytes: stored.map((byte, i) => (i < at ? byte : 0)), what: `zeros from ${at}` };
  }
}

/** Bytes that are something else altogether. */
function replace(others: readonly RawItem[], random: Random): Changed {
  const foreign = others.flatMap((item) => Object.values(item).flatMap(({ B }) => (B === undefined ? [] : [fromBase64(B)])));
  const how = random.weighted({ nothing: 1, noise: 2, text: 1, foreign: 3 });
  if (how === "foreign") return { bytes: random.pick(foreign), what: "the bytes of another item" };
  if (how === "noise") return { bytes: concat(Uint8Array.of(random.below(4)), noise(random.below(3_000), random.below(1_000) + 1)), what: "noise" };
  return { bytes: how === "nothing" ? new Uint8Array(0) : utf8("{}"), what: how };
}

/** The same bytes, encoded otherwise or with a lie about how. */
function wrap(bytes: Uint8Array, random: Random): Changed {
  const how = random.weighted({ gzip: 2, lying: 3, bomb: 2, lyingBomb: 1, deflate: 2, flags: 2, twice: 1, encrypted: 1 });
  const announced = random.pick([0, 1, bytes.length - 1, bytes.length + 1, 65_535, 2 ** 20, 2 ** 31, 2 ** 32 - 1]);
  const zeros = random.pick([100_000, 2 ** 21, 2 ** 24]);
  const encoded = {
    gzip: () => gzipped(bytes),
    lying: () => gzipped(bytes, announced),
    bomb: () => bomb(zeros, zeros),
    lyingBomb: () => bomb(zeros, random.pick([0, 10, bytes.length])),
    deflate: () => deflated(bytes, random.chance(0.5) ? bytes.length : announced),
    // RFC 1952: extra field, name, comment and checksum of the header, which are not there.
    flags: () => gzipped(bytes).with(1 + 3, random.below(256)),
    twice: () => gzipped(gzipSync(bytes)),
    encrypted: () => concat(Uint8Array.of(CODEC.encrypted), bytes),
  }[how]();
  return { bytes: encoded, what: how === "lying" ? `${how} ${announced}` : how };
}

const bombs = new Map<number, Uint8Array>();

/** So many zeros, and how many it says they are. */
function bomb(length: number, announced: number): Uint8Array {
  const made = bombs.get(length) ?? gzipped(new Uint8Array(length));
  bombs.set(length, made);
  const bytes = made.slice();
  new DataView(bytes.buffer).setUint32(bytes.length - 4, announced, true);
  return bytes;
}

/** Part by part, so that the rest still fits. */
function changeContainer(bytes: Uint8Array, others: readonly RawItem[], random: Random): Changed | undefined {
  const container = parsed(bytes);
  if (!container) return undefined;
  const how = random.weighted({ header: 5, number: 4, head: 4, type: 2, hash: 2, tail: 9, nested: 1, many: 1, double: 1, text: 1 });
  const { header, what } = CHANGES[how](container, random, others);
  return { bytes: (random.chance(0.9) ? plain : gzipped)(buildContainer(container, header)), what: `${how} ${what ?? ""}` };
}

type Change = (container: Container, random: Random, others: readonly RawItem[]) => { header?: string; what?: string };

const CHANGES: Record<"header" | "number" | "head" | "type" | "hash" | "tail" | "nested" | "many" | "double" | "text", Change> = {
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
      const lengths = random.pick([[1], [0], [-1], [2 ** 31], [-(2 ** 31)], [2 ** 20, 2 ** 20], Array<number>(300).fill(1), Array<number>(300).fill(-4_096), Array<number>(2_000).fill(0)]);
      entry.push(...lengths);
      const before = (container.entries.slice(0, container.entries.indexOf(entry) + 1) as Entry[]).reduce((sum, e) => sum + e.length - 2, 0) - lengths.length;
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
    const names = Array.isArray(container.head) && Array.isArray(container.head[0]) ? (container.head as unknown[][])[0]! : undefined;
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
    const header = random.pick(["", "null", "[]", "[[],[]]", "[null,null]", "NaN", "[1,2", "\ufeff[[],[]]", '[[],[["json",0]]] ', "[".repeat(100_000), toJson([head, entries]).replace(/\d+/, "1e400")]);
    return { header, what: header.slice(0, 100) };
  },
};

function mutatedTail(type: string, tail: Uint8Array, random: Random): Uint8Array {
  if (type === "run") {
    const container = parsed(tail);
    if (container && random.chance(0.5)) return buildContainer(container, mutateJson([container.head, container.entries], random));
    if (container) return buildContainer(container, `[${mutateJson((container.head as unknown[]).slice(0, 2), random).replace(/\]$/, "")},${JSON.stringify((container.head as unknown[]).slice(2)).slice(1)},${toJson(container.entries)}]`);
  }
  if (type === "json" && random.chance(0.8)) {
    try {
      return utf8(mutateJson(JSON.parse(text(tail)), random));
    } catch {
      // Only a part of a value, whose rest is in segments.
    }
  }
  return random.pick([new Uint8Array(0), utf8("null"), utf8("{"), utf8('"Zebracorn'), noise(50, random.below(50) + 1), tail.slice(0, random.below(tail.length + 1))]);
}

function parsed(bytes: Uint8Array): Container | undefined {
  try {
    const container = parseContainer(bytes);
    return container.tails.reduce((sum, tail) => sum + tail.length, 0) <= bytes.length ? container : undefined;
  } catch {
    return undefined;
  }
}
