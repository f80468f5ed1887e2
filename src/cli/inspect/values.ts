import { isLookAlike } from "../../format/serde/plain-serde.js";
import { cyan, dim, type Text } from "../text.js";
import type { Tree } from "../tree.js";
import { bytes as size, count } from "../numbers.js";

/*
 * Values as the saver's serde wrote them, for people. Objects of LangChain stand in JSON as their constructor and its
 * arguments; here they are called by their class.
 */

/** An object of LangChain's: `lc: 1` of a class of its own, `lc: 2` of JavaScript's. */
interface Constructed {
  name: string;
  parts: unknown;
}

function constructed(value: object): Constructed | undefined {
  if (isLookAlike(value)) return undefined;
  const {
    lc,
    type,
    id,
    kwargs,
    args,
    value: inner,
  } = value as Record<"lc" | "type" | "id" | "kwargs" | "args" | "value", unknown>;
  if (lc === 2 && type === "undefined") return { name: "undefined", parts: undefined };
  if (lc === 2 && type === "number") return { name: String(inner), parts: undefined };
  if (lc === 2 && type === "delta_snapshot") return { name: "DeltaSnapshot", parts: inner };
  const name: unknown = Array.isArray(id) ? id.at(-1) : undefined;
  if ((lc !== 1 && lc !== 2) || type !== "constructor" || typeof name !== "string") return undefined;
  const [only] = Array.isArray(args) ? (args as unknown[]) : [];
  return { name, parts: lc === 1 ? kwargs : only };
}

/** What kind of value it is, for example `"list of 3"` or `"AIMessage"`. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (typeof value === "object") return constructed(value)?.name ?? "object";
  return { string: "text", number: "number", boolean: "boolean" }[typeof value as string] ?? typeof value;
}

/** A value on one line, cut to about `length` characters. */
export function preview(value: unknown, length = 60): string {
  return cut(oneLine(value, length), length);
}

function oneLine(value: unknown, length: number): string {
  if (value instanceof Uint8Array) return `<${size(value.length)}>`;
  if (typeof value !== "object" || value === null)
    return JSON.stringify(typeof value === "string" ? cut(value, length) : value) ?? "undefined";
  const inside = (parts: unknown): string => oneLine(parts, length);
  if (Array.isArray(value)) {
    // What is cut off need not be made.
    const shown = value.slice(0, Math.ceil(length / 3));
    return `[${shown.map(inside).join(", ")}${shown.length < value.length ? ", …" : ""}]`;
  }
  const made = constructed(value);
  if (made)
    return made.parts === undefined
      ? made.name
      : `${made.name} ${isMessage(made) ? message(made.parts as Message, length) : inside(made.parts)}`;
  const entries = Object.entries(value).slice(0, Math.ceil(length / 3));
  return `{${entries.map(([name, part]) => `${name}: ${inside(part)}`).join(", ")}}`;
}

interface Message {
  content?: unknown;
  tool_calls?: { name?: unknown; args?: unknown }[];
}

const isMessage = ({ name, parts }: Constructed): boolean =>
  /Message(Chunk)?$/.test(name) && typeof parts === "object" && parts !== null && "content" in parts;

/** What somebody said, and which tools were called. */
function message({ content, tool_calls }: Message, length: number): string {
  const calls = Array.isArray(tool_calls)
    ? tool_calls.map((call) => `${String(call?.name)}(${oneLine(call?.args, length)})`)
    : [];
  const said = content === "" && calls.length > 0 ? [] : [oneLine(content, length)];
  return [...said, ...calls].join(" ");
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** How much of a value a tree shows. */
export interface TreeLimits {
  /** Levels of what is inside of what. */
  depth: number;
  /** Parts of one list or object. */
  parts: number;
  /** Characters of one text. */
  length: number;
}

/** A value with what is inside of it. */
export function valueTree(label: readonly Text[], value: unknown, limits: TreeLimits): Tree {
  const kind = dim(kindOf(value));
  const inside = limits.depth > 0 ? partsOf(value) : [];
  if (inside.length === 0) {
    const shown = preview(value, limits.length);
    return { label: isPlain(value) || shown.startsWith(kindOf(value)) ? [...label, shown] : [...label, kind, shown] };
  }
  const shown = inside.slice(0, limits.parts);
  const below = { ...limits, depth: limits.depth - 1 };
  const children = shown.map(([name, part]) => valueTree([cyan(name)], part, below));
  if (shown.length < inside.length) children.push({ label: dim(`… and ${count(inside.length - shown.length)} more`) });
  return { label: [...label, kind], children };
}

const isPlain = (value: unknown): boolean => typeof value !== "object" || value === null;

/** What is worth a branch of its own: not what is empty, and of messages not what all of them have. */
function partsOf(value: unknown): [name: string, part: unknown][] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  if (Array.isArray(value)) return value.map((part: unknown, i) => [`[${i}]`, part]);
  const made = constructed(value);
  if (!made) return Object.entries(value);
  return Array.isArray(made.parts) || (typeof made.parts === "object" && made.parts !== null)
    ? partsOf(made.parts).filter(([, part]) => !isEmpty(part))
    : [];
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !(value instanceof Uint8Array) && Object.keys(value).length === 0;
