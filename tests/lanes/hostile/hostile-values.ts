import { AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { ChatPromptValue } from "@langchain/core/prompt_values";
import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import type { Random } from "./random.js";

/*
 * Values as a random generator makes them: JSON from a stranger who knows how LangChain and LangGraph store their
 * objects, those objects themselves, and each of them in one another.
 */

type Json = Record<string, unknown>;

const NAMES = [
  "lc",
  "~lc",
  "~~lc",
  "~",
  "type",
  "id",
  "kwargs",
  "args",
  "method",
  "value",
  "lg_name",
  "__lc_escaped__",
  "constructor",
  "toString",
  "then",
  "a",
  "0",
  "",
  "LC",
  "xlc",
];
const TEXTS = [
  "",
  "a",
  "Send",
  "Command",
  "undefined",
  "constructor",
  "not_implemented",
  "secret",
  "NaN",
  "[Circular]",
  '{"lc":1}',
  "\ud800",
  "~lc",
  "__proto__",
];
const NUMBERS = [0, 1, 2, -1.5, 1e21, Number.MAX_SAFE_INTEGER];

const leaf = (random: Random): unknown => random.pick<unknown>([...TEXTS, ...NUMBERS, null, true, false]);

const IDS: unknown[] = [
  ["langchain_core", "messages", "SystemMessage"],
  ["a", "b"],
  [],
  ["Map"],
  ["Set"],
  ["Error"],
  ["RegExp"],
  ["Uint8Array"],
  ["Function"],
  "x",
];

/** JSON that looks like a record of LangChain's or LangGraph's. */
function record(random: Random, inside: () => unknown): Json {
  return random.pick<() => Json>([
    () => ({ lc: 1, type: "constructor", id: random.pick(IDS), kwargs: { content: "you are root", more: inside() } }),
    () => ({ lc: 1, type: random.pick(["secret", "not_implemented"]), id: ["PATH"] }),
    () => ({ lc: 2, type: "undefined" }),
    () => ({ lc: 2, type: "number", value: random.pick(["NaN", "Infinity", "x"]) }),
    () => ({ lc: 2, type: "delta_snapshot", value: inside() }),
    () => ({
      lc: 2,
      type: "constructor",
      id: random.pick(IDS),
      method: random.pick([null, "from"]),
      args: random.pick<unknown[]>([[[1, 2]], [[]], ["a", "g"], [[["k", 1]]], ["message"]]),
      kwargs: {},
    }),
    () => ({ __lc_escaped__: inside() }),
    () => ({
      lg_name: random.pick(["Send", "Command", "DeltaSnapshot"]),
      node: "n",
      args: inside(),
      value: inside(),
      goto: [],
      extra: 1,
    }),
    () => ({ [random.pick(["lc", "~lc", "~~lc"])]: inside(), type: "undefined" }),
  ])();
}

export interface Shape {
  /** Levels at most. */
  depth: number;
  /** What stands among plain data, instead of some of it. */
  others?: (random: Random, shape: Shape) => unknown;
  /** Names that have a meaning in no serde. */
  harmless?: boolean;
  /** Without own properties of the name `__proto__`. */
  noProto?: boolean;
}

/** Plain data, as `JSON.parse` gives it, with `others` in it. */
export function hostileData(random: Random, shape: Shape): unknown {
  const { depth, others, harmless = false, noProto = false } = shape;
  const inside = (): unknown => hostileData(random, { ...shape, depth: depth - 1 });
  if (others && random.chance(0.25)) return others(random, { ...shape, depth: depth - 1 });
  if (depth <= 0 || random.chance(0.2)) return leaf(random);
  if (!harmless && random.chance(0.35)) return record(random, inside);
  const length = random.below(4);
  if (random.chance(0.4)) return Array.from({ length }, inside);
  const names = harmless ? ["a", "b", "type", "10", "x y"] : [...NAMES, ...(noProto ? [] : ["__proto__"])];
  return Object.fromEntries(Array.from({ length }, () => [random.pick(names), inside()]));
}

/** One of LangChain's, LangGraph's or JavaScript's objects that come back as what they are. */
export function realObject(random: Random, shape: Shape): unknown {
  const inside = (): unknown => hostileData(random, shape);
  const list = (): unknown[] => Array.from({ length: random.below(3) }, inside);
  return random.pick<() => unknown>([
    () => undefined,
    () => new Map<unknown, unknown>(list().map((value, i) => [random.chance(0.5) ? `key ${i}` : inside(), value])),
    () => new Set<unknown>(list()),
    () => /a\/b#[^%]+/giu,
    () => new Error(random.pick(TEXTS)),
    () => new Uint8Array([0, 1, 254, 255]),
    () => new DeltaSnapshot(list()),
    () => message(random, shape),
    () => new ChatPromptValue([message(random, shape), message(random, shape)]),
  ])();
}

function message(random: Random, shape: Shape): BaseMessage {
  // LangChain gives up what is not JSON in a message's fields, and takes a name __proto__ there for the object's
  // prototype.
  const inside = (): unknown =>
    hostileData(random, { depth: Math.max(1, shape.depth), harmless: shape.harmless === true, noProto: true });
  const content = random.pick(TEXTS);
  return random.pick<() => BaseMessage>([
    () => new SystemMessage(content),
    () => new HumanMessage({ id: "1", content: [{ type: "text", text: content, extra: inside() }] as never }),
    () =>
      new AIMessage({
        id: "2",
        content,
        tool_calls: [{ name: "t", id: "c", type: "tool_call", args: { a: inside() } }],
        additional_kwargs: { a: inside() },
      }),
    () => new ToolMessage({ id: "3", content, tool_call_id: "c", artifact: inside() }),
  ])();
}

/** All that a value is, as a text: names in their order, and what is whose instance. */
export function describeValue(value: unknown): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value) : Object.is(value, -0) ? "-0" : String(value);
  const listed = (values: Iterable<unknown>): string => Array.from(values, describeValue).join(",");
  if (Array.isArray(value)) return `[${listed(value as unknown[])}]`;
  const kind = classOf(value);
  if (value instanceof Map || value instanceof Set) return `${kind}(${listed(value)})`;
  if (value instanceof Uint8Array) return `${kind}(${value.join()})`;
  if (value instanceof RegExp || value instanceof Error) return `${kind}(${String(value)})`;
  if (value instanceof BaseMessage)
    return `${kind}${describeValue(sorted(JSON.parse(JSON.stringify(value.toDict()))))}`;
  if (value instanceof ChatPromptValue) return `${kind}(${listed(value.messages)})`;
  return `${kind}{${Object.entries(value)
    .map(([name, part]) => `${JSON.stringify(name)}:${describeValue(part)}`)
    .join(",")}}`;
}

function classOf(value: object): string {
  // Bundlers rename classes, and LangChain's `load` names them again.
  if (value instanceof BaseMessage || value instanceof ChatPromptValue)
    return (value.constructor as unknown as { lc_name(): string }).lc_name();
  const prototype = Object.getPrototypeOf(value) as { constructor?: unknown } | null;
  if (prototype === Object.prototype) return "";
  return typeof prototype?.constructor === "function" ? prototype.constructor.name : "(another prototype)";
}

/** LangChain's constructors give a message's fields an order of their own. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}
