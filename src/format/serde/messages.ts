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

/*
 * LangChain's `load` reads a message as a text once more, and makes a promise of each part of it: most of what a turn
 * costs. Messages of core that are made of data alone are made here as it makes them, at once. Whatever else it makes,
 * and whatever it may make of a name that is not plain, is left to it.
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

/** How a class is made: itself, and the names of its fields by those under which they are stored. */
interface Maker {
  made: MessageClass;
  fields: Map<string, string>;
}

const makers = new Map<string, Maker>();

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
