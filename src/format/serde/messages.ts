import {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
} from "@langchain/core/messages";

import { ESCAPED, isObject, isPlain } from "./arguments.js";

/*
 * LangChain's `load` reads a message as a text once more, and makes a promise of each part of it: most of what a turn
 * costs. Messages of core that are made of data alone are made here as it makes them, at once. Whatever else it makes,
 * and whatever it may make of a name that is not plain, is left to it. In the same way their `toJSON`, which asks each
 * class that a message extends for its names, is asked only where it may say anything else.
 */

type Json = Record<string, unknown>;
type MessageClass = new (fields: never) => object;

const CLASSES: Record<string, MessageClass> = {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
};

/** A class, and the names of its fields by those under which they are stored. */
interface Maker {
  made: MessageClass;
  fields: Map<string, string>;
}

/** By the name of the class. */
const makers = new Map<string, Maker>();
/** The names under which the fields of a class are stored, by its prototype. */
const writers = new Map<object, Map<string, string>>();
/** What a class may have instead of what all of them have. */
const OWN_WORDS = ["toJSON", "lc_id", "lc_aliases", "lc_attributes", "lc_secrets"];
/** JSON has no such value. */
const UNDEFINED = { lc: 2, type: "undefined" };
/** Data that is nested deeper is left to `toJSON`, and so is what contains itself. */
const MAX_DEPTH = 100;

/**
 * @param kwargs of its record: data alone
 * @returns undefined for what is left to `load`
 */
export function messageOf(id: unknown, kwargs: unknown): object | undefined {
  if (!Array.isArray(id) || id.length !== 3 || id[0] !== "langchain_core" || id[1] !== "messages") return undefined;
  if (typeof kwargs !== "object" || kwargs === null || Array.isArray(kwargs)) return undefined;
  const maker = makerOf(id[2]);
  if (!maker) return undefined;
  const fields: Json = {};
  for (const name of Object.keys(kwargs)) {
    const field = maker.fields.get(name) ?? fieldOf(name);
    if (field === undefined) return undefined;
    fields[field] = (kwargs as Json)[name];
  }
  return new maker.made(fields as never);
}

/**
 * What `toJSON` of a message of core says, where its arguments are data alone.
 * @returns undefined where it has to be asked
 */
export function recordOf(message: object): Json | undefined {
  const names = writerOf(message);
  if (!names) return undefined;
  const { lc_kwargs: given, lc_id: id, lc_serializable: isOpen } = message as Json;
  if (isOpen !== true || !isObject(given) || !isPlain(given)) return undefined;
  const kwargs: Json = {};
  for (const field of Object.keys(given)) {
    const name = names.get(field) ?? storedName(field, names);
    const value = field in message ? (message as Json)[field] : given[field];
    if (name === undefined || !(value === undefined || isData(value, 0))) return undefined;
    kwargs[name] = value === undefined ? UNDEFINED : value;
  }
  return { lc: 1, type: "constructor", id, kwargs };
}

/** Of an instance of one of these classes that says nothing of its own. */
function writerOf(message: object): Map<string, string> | undefined {
  const prototype = Object.getPrototypeOf(message) as object;
  let names = writers.get(prototype);
  if (!names) {
    const made = Object.values(CLASSES).find((one) => one.prototype === prototype);
    const { lc_attributes: attributes, lc_secrets: secrets } = message as Json;
    if (!made || attributes !== undefined || secrets !== undefined) return undefined;
    names = new Map([...aliasesOf(made)].map(([name, field]) => [field, name]));
    writers.set(prototype, names);
  }
  return OWN_WORDS.some((word) => Object.hasOwn(message, word)) ? undefined : names;
}

/** LangChain puts a `_` before each word of a name. What it makes of a name that is not plain, only it knows. */
function storedName(field: string, names: Map<string, string>): string | undefined {
  if (!/^[a-z]+(_[a-z]+|[A-Z][a-z]+)*$/.test(field) || field in Object.prototype) return undefined;
  const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  // Programs have few of them, and strangers may have many.
  if (names.size < 1_000) names.set(field, name);
  return name;
}

/** Whether JSON has all of a value, and LangChain escapes nothing in it. */
function isData(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null)
    return value === null || ["string", "number", "boolean"].includes(typeof value);
  if (depth === MAX_DEPTH || "toJSON" in value) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isData(value[i], depth + 1)) return false;
    return true;
  }
  if (!isPlain(value) || "lc" in value || ESCAPED in value) return false;
  for (const name of Object.keys(value)) if (!isData((value as Json)[name], depth + 1)) return false;
  return true;
}

function makerOf(name: unknown): Maker | undefined {
  if (typeof name !== "string") return undefined;
  const known = makers.get(name);
  if (known || !Object.hasOwn(CLASSES, name)) return known;
  const made = CLASSES[name]!;
  const maker = { made, fields: aliasesOf(made) };
  // As `load` does: a bundler may have given the class another name.
  Object.defineProperty(made, "name", { value: name });
  makers.set(name, maker);
  return maker;
}

/** Of a class and those that it extends; theirs go over its own. */
function aliasesOf(made: MessageClass): Map<string, string> {
  const aliases = new Map<string, string>();
  for (let one = made; one.prototype; one = Object.getPrototypeOf(one) as MessageClass) {
    const own = Reflect.get(one.prototype as object, "lc_aliases") as Record<string, string> | undefined;
    for (const [field, name] of Object.entries(own ?? {})) aliases.set(name, field);
  }
  return aliases;
}

/** The name of a field that is stored with `_` between its words. Of others, only `load` says what they are. */
function fieldOf(name: string): string | undefined {
  if (!/^[a-z]+(_[a-z]+)*$/.test(name) || name in Object.prototype) return undefined;
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
