/*
 * Before anything else, LangChain makes plain objects of all that is in the arguments of an object of its own: of a Map
 * nothing is left, nor of a Date. So what is more than its properties is put back into the copy, to be stored as it
 * says itself, or refused.
 */

type Json = Record<string, unknown>;

/** What the object is, by its internal slots: also of another realm's, and of a subclass. */
export const classOf = (object: object): string => Object.prototype.toString.call(object).slice("[object ".length, -1);

/** Whether an object with these properties alone would be something else. */
export function isMoreThanProperties(object: object): boolean {
  const name = classOf(object);
  return (
    ArrayBuffer.isView(object) ||
    /^(Map|Set|Date|Error|String)$/.test(name) ||
    (name !== "Object" && Object.keys(object).length === 0)
  );
}

/** LangChain's mark for plain data that looks like an object of its own. */
export const ESCAPED = "__lc_escaped__";
export const isEscaped = (names: string[]): boolean => names.length === 1 && names[0] === ESCAPED;

/**
 * @param kwargs what LangChain has made of the arguments of `value`: in their order, though not always by their names
 */
export function restoreArguments(value: object, kwargs: unknown): void {
  const { lc_kwargs: given } = value as Json;
  if (!isObject(kwargs) || !isObject(given)) return;
  const names = Object.keys(kwargs);
  Object.keys(given).forEach((name, i) =>
    restore(name in value ? (value as Json)[name] : given[name], kwargs, names[i]!),
  );
}

function restore(value: unknown, copies: Json, name: string): void {
  const copy = copies[name];
  if (value === copy || !isObject(value) || !isObject(copy)) return;
  if (!Array.isArray(value) && !isPlain(value) && (Object.keys(value).length === 0 || isMoreThanProperties(value)))
    copies[name] = value;
  else {
    const names = Object.keys(copy);
    if (!isEscaped(names)) for (const inner of names) restore(value[inner], copy, inner);
  }
}

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;
