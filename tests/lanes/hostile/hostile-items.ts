import { mutateStored } from "./hostile-bytes.js";
import type { Random } from "./random.js";
import type { RawItem } from "../stored/raw-table.js";
import { binary, fromBase64 } from "../stored/stored-bytes.js";

/* Items that this package has not written: a real one with something changed. */

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
  return hasBytes && random.chance(0.75)
    ? mutateBytes(original, others, random)
    : changeAttributes(original, others, random);
}

/** As {@link mutateItem}, but only what a binary attribute holds. */
export function mutateBytes(original: RawItem, others: readonly RawItem[], random: Random): Mutant {
  const name = random.pick(binariesOf(original));
  const { bytes, what } = mutateStored(fromBase64(original[name]!.B!), others, random);
  return { item: { ...original, [name]: binary(bytes) }, what: `${shortKey(original)} ${name}: ${what.slice(0, 200)}` };
}

/** The attributes with the bytes of values; not `born`, which is a name. */
export const binariesOf = (item: RawItem): string[] =>
  Object.keys(item).filter((name) => name !== "born" && item[name]!.B !== undefined);

const shortKey = ({ SK }: RawItem): string => SK!.S!.replace(/(\w)\1{9,}|(sub:|task){5,}/g, "…");

const VALUES: Record<string, unknown>[] = [
  { S: "" }, { S: "x" }, { S: "%" }, { S: "%-" }, { S: "__proto__" }, { S: "\u0000" }, { S: "x".repeat(3_000) },
  { N: "0" }, { N: "1" }, { N: "-1" }, { N: "99" }, { N: "0.5" }, { N: "2147483648" }, { N: "9007199254740993" },
  { N: "1e125" }, { N: "-1e125" },
  { B: "" }, { B: "AA==" }, { B: "AQID" }, { B: "AQIDBA==" }, { B: "AQID".repeat(400) }, { BOOL: true },
  { NULL: true }, { M: {} }, { M: { ["__proto__"]: { S: "x" } } }, { L: [] }, { SS: ["a"] }, { NS: ["1"] },
  { BS: ["AA=="] },
]; // prettier-ignore

const ATTRIBUTES = [
  "data", "v", "n", "ttl", "ends", "ns", "id", "parent", "path", "task", "thread", "born", "head", "void", "created",
  "deleting", "at", "at-1", "at-3", "run", "first", "updated", "life", "whole", "vectors", "emptied",
  "w0", "w00", "w007", "w1", "w-0", "w-1", "w-99999", "w2147483648", "w99999999999999999999", "w1e5", "w", "__proto__",
  "constructor", "toString", "hasOwnProperty",
]; // prettier-ignore

function changeAttributes(original: RawItem, others: readonly RawItem[], random: Random): Mutant {
  const item: HostileItem = { ...original };
  const own = Object.keys(original).filter((name) => name !== "PK" && name !== "SK");
  const how = random.weighted({ retype: 4, remove: 3, add: 4, foreign: 3, circle: 2, empty: 0.5 });
  const name = own.length === 0 || how === "add" ? random.pick(ATTRIBUTES) : random.pick(own);
  const set = (attribute: string, value: Record<string, unknown>): void =>
    void Object.defineProperty(item, attribute, { value, enumerable: true, configurable: true, writable: true });
  if (how === "retype" || how === "add") set(name, random.pick(VALUES));
  if (how === "remove") delete item[name];
  if (how === "empty") for (const attribute of own) delete item[attribute];
  if (how === "foreign") {
    const other = random.pick(others);
    for (const attribute of Object.keys(other))
      if (attribute !== "PK" && attribute !== "SK" && random.chance(0.7)) set(attribute, other[attribute]!);
  }
  if (how === "circle") {
    // A parent that is a child: its own, or of another.
    const ids = others.flatMap(({ SK }) => /^C#[^#]*#([^#]+)#~[\w-]*$/.exec(SK!.S!)?.[1] ?? []);
    set("parent", { S: random.pick(ids) });
  }
  return { item, what: `${shortKey(original)}: ${how} ${name} ${JSON.stringify(item[name])?.slice(0, 80)}` };
}
