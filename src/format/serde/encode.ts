import { toBase64 } from "../../aws/base64.js";
import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { classOf, isEscaped, isMoreThanProperties, isPlain, restoreArguments } from "./arguments.js";
import { escapeKey } from "./escape.js";
import { recordOf } from "./messages.js";
import { gotoOf, sendOf } from "./sends.js";
import { Unstorable } from "./unstorable-error.js";

/** So many levels are written and read on the stack of every runtime, with room for what its caller has there. */
const MAX_DEPTH = 1_000;

const FLATTER = "Store it in a flatter form.";

type Path = (string | number)[];

/** An object of LangChain's as it is stored, and where it stands. */
export interface Construction {
  /** Its class. */
  id: string;
  record: unknown;
  path: Path;
}

/** Of an encoder that is strict: what gives an object all that has to be stored of it. */
export type Strictness = { wholeOf: (value: object) => object };

/** What an object belongs to: plain data, an object of LangChain's, or plain data that LangChain has escaped in one. */
type Realm = "data" | "kwargs" | "escaped";

/**
 * Makes a tree of a value that `JSON.stringify` writes as LangGraph's JsonPlusSerializer would have written the value,
 * but that plain data's keys are escaped. What does not change is not copied, unless it is strict. It reads the value
 * as it is now, in one go.
 */
export class Encoder {
  /** Those of LangChain's objects that the value holds. */
  readonly constructions: Construction[] = [];
  readonly #ancestors: object[] = [];
  readonly #path: Path = [];
  #realm: Realm = "data";

  /** @param strict refuses what JSON leaves out, and writes bytes as a text: for the package's own stores */
  constructor(private readonly strict?: Strictness) {}

  /** @throws Unstorable */
  encode(value: unknown): string {
    try {
      const json = JSON.stringify(this.#value(value)) as string | undefined;
      if (json !== undefined) return json;
    } catch (error) {
      throw this.#unreadable(error);
    }
    throw this.#refusal(`A value cannot be a ${typeof value}`, "Keep it outside of the state.");
  }

  #value(value: unknown, key?: string | number): unknown {
    switch (typeof value) {
      case "undefined":
        return this.#realm === "escaped" ? value : { lc: 2, type: "undefined" };
      case "number":
        // JSON has no such numbers. LangChain's objects have `null` for them, as LangChain writes them itself.
        if (Number.isFinite(value) || this.#realm !== "data") return value;
        return { lc: 2, type: "number", value: String(value) };
      case "bigint":
        if ("toJSON" in BigInt.prototype) return value;
        throw this.#refusal("A BigInt cannot be stored", "Make a text or a number of it.", key);
      case "function":
        if (typeof (value as { toJSON?: unknown }).toJSON === "function") return this.#object(value, key);
        return this.#leftOut(value, key);
      case "symbol":
        return this.#leftOut(value, key);
      case "object":
        return value === null ? value : this.#object(value, key);
      default:
        return value;
    }
  }

  /** As JSON has it: in an object it is left out. */
  #leftOut(value: unknown, key: string | number | undefined): unknown {
    if (!this.strict || this.#realm !== "data") return value;
    throw this.#refusal(`A ${typeof value} cannot be stored`, "Leave it out, or make a text of it.", key);
  }

  #object(value: object, key: string | number | undefined): unknown {
    if (this.#ancestors.includes(value)) {
      if (this.strict) throw this.#refusal("What contains itself cannot be stored", FLATTER, key);
      return "[Circular]";
    }
    if (key !== undefined) this.#path.push(key);
    const depth = this.#ancestors.push(value);
    if (depth > MAX_DEPTH) throw this.#refusal(`The value is nested deeper than ${MAX_DEPTH} levels`, FLATTER);
    const realm = this.#realm;
    let encoded: unknown;
    if ("toJSON" in value) encoded = this.#anything(value, key);
    else if (Array.isArray(value)) encoded = this.#array(value);
    else encoded = isPlain(value) ? this.#named(value) : this.#properties(value, value);
    this.#realm = realm;
    this.#ancestors.pop();
    if (key !== undefined) this.#path.pop();
    return encoded;
  }

  #array(array: unknown[]): unknown[] {
    let copy: unknown[] | undefined = this.strict ? [] : undefined;
    for (let i = 0; i < array.length; i++) {
      const value: unknown = array[i];
      const encoded = this.#value(value, i);
      if (encoded !== value) copy ??= array.slice();
      if (copy) copy[i] = encoded;
    }
    return copy ?? array;
  }

  /** An object that says itself what is stored of it. */
  #anything(value: object, key: string | number | undefined): unknown {
    const { toJSON } = value as { toJSON?: unknown };
    // Node's Buffer would make an object of itself, with a list of numbers.
    if (typeof toJSON !== "function" || value instanceof Uint8Array)
      return Array.isArray(value) ? this.#array(value) : this.#properties(value, value);
    const record = this.strict || this.#realm !== "data" ? undefined : recordOf(value);
    if (record) return this.#constructs(record);
    const whole = this.strict?.wholeOf(value) ?? value;
    const json: unknown = toJSON.call(whole, String(key ?? ""));
    if ("lc_serializable" in whole) return this.#langChains(whole, json);
    if (json === null && value instanceof Date) {
      throw this.#refusal("An invalid Date cannot be stored", "Use a valid one, or null.");
    }
    if (typeof json !== "object" || json === null) return this.#value(json);
    const isArgument = this.#realm === "kwargs";
    // LangChain has not seen it, and so not escaped it.
    if (isArgument) this.#realm = "escaped";
    // JSON asks once, whatever it is given.
    const encoded = Array.isArray(json) ? this.#array([...(json as unknown[])]) : this.#properties(json, value);
    return isArgument ? { __lc_escaped__: encoded } : encoded;
  }

  /** An object, or what the `toJSON` of `source` gave in its place. */
  #properties(object: object, source: object): unknown {
    // LangChain's `load` takes JSON alone.
    if (this.#realm === "data") {
      // One that only looks like LangGraph's own is data.
      const named = isPlain(source) ? undefined : (source as { lg_name?: unknown }).lg_name;
      if (named === "Send") return this.#named(sendOf(object as Json));
      if (named === "Command") return this.#named({ ...object, goto: gotoOf((object as Json).goto) });
      if (object instanceof DeltaSnapshot) {
        return { lc: 2, type: "delta_snapshot", value: this.#value(object.value, "value") };
      }
      if (object instanceof Set) return constructed("Set", [this.#array(Array.from(object))]);
      if (object instanceof Map) return constructed("Map", [this.#array(Array.from(object))]);
      if (object instanceof RegExp) return constructed("RegExp", [object.source, object.flags]);
      if (object instanceof Error) return constructed("Error", [this.#value(object.message)]);
      if (object instanceof Uint8Array) {
        // A list of numbers is as JsonPlusSerializer has it, and three times as long.
        if (this.strict) return { lc: 2, type: "bytes", value: toBase64(object) };
        return constructed("Uint8Array", [Array.from(object)], "from");
      }
    }
    if (isMoreThanProperties(object) && !isBoxed(object)) {
      const where = this.#realm === "data" ? "" : " within an object of LangChain's";
      throw this.#refusal(
        `A value of the class ${classOf(object)} cannot be stored${where}`,
        "Make an array, a plain object or a text of it.",
      );
    }
    return this.#named(object);
  }

  #named(object: object): unknown {
    const names = Object.keys(object);
    if (this.#realm === "kwargs") {
      // LangChain's mark for plain data that looks like an object of its own, and for what contains itself.
      if (isEscaped(names)) this.#realm = "escaped";
      else if ((object as Json).lc === 1 && (object as Json).type === "not_implemented") return "[Circular]";
    }
    const escapes = this.#realm === "data";
    // What has a `toJSON` was asked already. And JSON would ask a getter once more.
    const isCopied = "toJSON" in object || (this.strict && !isBoxed(object));
    let entries: [string, unknown][] | undefined = isCopied ? [] : undefined;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const value = this.#read(object as Json, name);
      const encoded = this.#value(value, name);
      const storedName = escapes ? escapeKey(name) : name;
      if (encoded !== value || storedName !== name) {
        entries ??= names.slice(0, i).map((before) => [before, (object as Json)[before]]);
      }
      entries?.push([storedName, encoded]);
    }
    return entries ? withoutToJson(Object.fromEntries(entries)) : object;
  }

  /** What an object of LangChain's says of itself. Its arguments are as LangChain has escaped them. */
  #langChains(value: object, json: unknown): unknown {
    this.#realm = "kwargs";
    if (typeof json !== "object" || json === null) return this.#value(json);
    const { type, id, kwargs } = json as Json;
    restoreArguments(value, kwargs);
    const record = Object.fromEntries(Object.entries(json).map(([name, value]) => [name, this.#value(value, name)]));
    return type === "constructor" ? this.#constructs(record, id) : record;
  }

  #constructs(record: Json, id = record.id): Json {
    if (Array.isArray(id)) this.constructions.push({ id: id.join("/"), record, path: [...this.#path] });
    return record;
  }

  #read(object: Json, name: string): unknown {
    try {
      return object[name];
    } catch (error) {
      throw this.#unreadable(error, name);
    }
  }

  #unreadable(error: unknown, key?: string): Unstorable {
    if (error instanceof Unstorable) return error;
    // Its message may quote what is in the value.
    const name = error instanceof Error ? error.name : typeof error;
    const isTooDeep = error instanceof Error && /stack|recursion/i.test(error.message);
    if (isTooDeep) return this.#refusal("The value is nested too deeply, or refers to itself", FLATTER);
    return this.#refusal(`Reading the value failed with a ${name}`, "See what its toJSON and its getters do.", key);
  }

  #refusal(problem: string, advice: string, key?: string | number): Unstorable {
    return new Unstorable(problem, key === undefined ? [...this.#path] : [...this.#path, key], advice);
  }
}

type Json = Record<string, unknown>;

/** Functions are left out of JSON, but for this one. */
function withoutToJson(object: Json): Json {
  if (typeof object.toJSON === "function") delete object.toJSON;
  return object;
}

/** JSON has the value of such an object. */
const isBoxed = (object: object): boolean => /^(Number|String|Boolean)$/.test(classOf(object));

const constructed = (name: string, args: unknown[], method: string | null = null): Json => {
  return { lc: 2, type: "constructor", id: [name], method, args, kwargs: {} };
};
