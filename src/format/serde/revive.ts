import { load } from "@langchain/core/load";
import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { fromBase64 } from "../../aws/base64.js";
import { ESCAPED, isEscaped, isObject } from "./arguments.js";
import { isConstruction, setOwn, unescapeKeys } from "./escape.js";
import { messageOf } from "./messages.js";

type Json = Record<string, unknown>;

/** A record of one of LangGraph's or LangChain's objects, and what holds it. */
interface Found {
  holder: object;
  key: string | number;
  record: Json;
}

/**
 * The value of a JSON text that {@link Encoder} or LangGraph's JsonPlusSerializer has written.
 * @throws what LangChain's `load` throws of an object that it cannot make
 */
export async function revive(json: string): Promise<unknown> {
  const root = { value: JSON.parse(json) as unknown };
  // Most values have none of these objects, and nothing that is escaped.
  if (!json.includes('lc"')) return root.value;
  const found: Found[] = [];
  collect(root, "value", root.value, found);
  // What is inside of others comes first. One after the other, none of them is held as a record, as a text and as an
  // object but one.
  found.reverse();
  for (let next = found.pop(); next; next = found.pop()) {
    const { holder, key, record } = next;
    const value = record.lc === 1 ? loaded(record) : valueOf(record);
    setOwn(holder, key, value instanceof Promise ? await value : value);
  }
  return root.value;
}

function collect(holder: object, key: string | number, value: unknown, found: Found[]): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) collect(value, i, value[i], found);
    return;
  }
  const object = value as Json;
  const isData = unescapeKeys(object);
  if (!isData && isConstruction(object)) {
    found.push({ holder, key, record: object });
    return;
  }
  for (const name of Object.keys(object)) collect(object, name, object[name], found);
  if (!isData && object.lc === 2) found.push({ holder, key, record: object });
}

/** LangChain's limit of 50 levels is for data from strangers. The saver that wrote this has a limit of its own. */
const LIMITS = { maxDepth: Number.MAX_SAFE_INTEGER };

/** Where the classes of LangChain are that say what they are made of. Of others, a tracer reads the environment. */
const MODULES = ["messages", "output_parsers", "prompt_values", "prompts", "runnables"];

/** What a record is of; a promise of it where LangChain has to make it. */
function loaded(record: Json): unknown {
  const { value, isJson } = prepared(record);
  const { id, kwargs } = value as Json;
  const isOfData = isJson && isObject(kwargs) && isEscaped(Object.keys(kwargs));
  return (isOfData && messageOf(id, kwargs[ESCAPED])) || load(JSON.stringify(value), LIMITS);
}

/** A part of a record as `load` takes it. */
interface Prepared {
  value: unknown;
  /** Whether there is anything for it to load. */
  loads: boolean;
  /** Or else JSON, in which it is given, has less of it. */
  isJson: boolean;
}

const ofData = (value: unknown): Prepared => ({ value, loads: false, isJson: true });

/** `load` walks slowly through what it walks through. What has nothing to be loaded is given to it as escaped. */
function prepared(value: unknown): Prepared {
  if (typeof value !== "object" || value === null) return ofData(value);
  if (Array.isArray(value)) {
    const parts = value.map(prepared);
    const loads = parts.some((part) => part.loads);
    const list = parts.map((part) => (loads ? hidden : valueIn)(part) ?? null);
    return { value: list, loads, isJson: parts.every((part) => part.isJson) };
  }
  const object = value as Json;
  const names = Object.keys(object);
  // What LangChain itself has escaped, it gives back as it is.
  if (isEscaped(names)) return ofData(object[ESCAPED]);
  // `load` would refuse all of the object for it.
  if (object.lc === 1 && object.type === "not_implemented") return ofData(object);
  if (isConstruction(object)) checkClass(object.id as unknown[]);
  const parts = names.map((name) => prepared(object[name]));
  const loads = object.lc === 1 || parts.some((part) => part.loads);
  const isId = (name: string): boolean => object.lc === 1 && name === "id";
  names.forEach((name, i) => setOwn(object, name, (loads && !isId(name) ? hidden : valueIn)(parts[i]!)));
  const made = object.lc === 2 ? valueOf(object) : object;
  for (const name of names) if (object[name] === undefined) delete object[name];
  const isJson = made === object || made === undefined;
  return { value: made, loads, isJson: isJson && parts.every((part) => part.isJson) };
}

const valueIn = ({ value }: Prepared): unknown => value;
const hidden = ({ value, loads }: Prepared): unknown =>
  loads || typeof value !== "object" || value === null ? value : { [ESCAPED]: value };

/** Of a module `load` takes whatever has the name: functions, and what all objects have. Classes are in capitals. */
function checkClass(id: unknown[]): void {
  const isClass = id.every((part) => typeof part === "string") && /^[A-Z]/.test(String(id.at(-1)));
  if (!isClass || !MODULES.includes(id[1] as string)) throw new Error("This object is not made of data alone");
}

const NUMBERS = ["NaN", "Infinity", "-Infinity"];

/** The value of a record with `lc: 2`. One that says nothing known is data: no stored byte can make anything else. */
function valueOf(record: Json): unknown {
  const { type, value } = record;
  if (type === "undefined") return undefined;
  if (type === "number" && NUMBERS.includes(value as string)) return Number(value);
  if (type === "bytes" && typeof value === "string") return bytesOf(value) ?? record;
  if (type === "delta_snapshot" && Object.hasOwn(record, "value")) return new DeltaSnapshot(value);
  return (type === "constructor" && constructed(record)) || record;
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return fromBase64(base64);
  } catch {
    return undefined;
  }
}

function constructed({ id, method = null, args }: Json): unknown {
  if (!Array.isArray(id) || id.length !== 1 || !Array.isArray(args)) return undefined;
  const [first, second, ...rest] = args as unknown[];
  const list = args.length === 1 && Array.isArray(first) ? (first as unknown[]) : undefined;
  const name = id[0] as unknown;
  if (name === "Uint8Array" && (method === null || method === "from")) {
    return list?.every(isByte) ? new Uint8Array(list as number[]) : undefined;
  }
  if (method !== null) return undefined;
  switch (name) {
    case "Set":
      return list && new Set(list);
    case "Map":
      return list?.every(isPair) ? new Map(list as [unknown, unknown][]) : undefined;
    case "Error":
      return args.length === 1 && typeof first === "string" ? new Error(first) : undefined;
    case "RegExp":
      if (rest.length > 0 || typeof first !== "string" || typeof second !== "string") return undefined;
      return regExp(first, second);
    default:
      return undefined;
  }
}

const isByte = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;
const isPair = (value: unknown): boolean => Array.isArray(value) && value.length === 2;

function regExp(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}
