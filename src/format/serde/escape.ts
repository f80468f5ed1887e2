/*
 * Objects of LangChain's and LangGraph's are stored as JSON objects with the key `lc`. Plain data that has such a key
 * is stored with `~lc` in its place, `~lc` as `~~lc`, and so on: so nothing that a tool, a user or a model says is
 * taken for one of them. LangChain's own escape, `{ "__lc_escaped__": … }`, would not do. LangGraph's
 * JsonPlusSerializer revives what is inside of it, and LangChain's `load` gives what is inside of it as it is, so
 * objects of theirs could not stand there.
 */

/** Whether an object without an escaped key is one of LangChain's. Its arguments are LangChain's to escape. */
export function isConstruction({ lc, type, id }: Record<string, unknown>): boolean {
  return lc === 1 && type === "constructor" && Array.isArray(id);
}

const isReserved = (name: string): boolean => name.endsWith("lc") && /^~*lc$/.test(name);
const isEscaped = (name: string): boolean => name.startsWith("~") && isReserved(name);

/** The key under which plain data's `name` is stored. */
export const escapeKey = (name: string): string => (isReserved(name) ? `~${name}` : name);

/** Whether there can be an escaped key in a JSON text. */
export const hasEscapes = (json: string): boolean => json.includes('~lc"');

/** Sets an own property of any name: an assignment takes `__proto__` for more than a name. */
export function setOwn(object: object, name: string | number, value: unknown): void {
  if (name !== "__proto__") (object as Record<string | number, unknown>)[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Gives an object back the keys that it had, in their order. @returns whether one of them was escaped */
export function unescapeKeys(object: Record<string, unknown>): boolean {
  const names = Object.keys(object);
  if (!names.some(isEscaped)) return false;
  const values = names.map((name) => object[name]);
  for (const name of names) delete object[name];
  names.forEach((name, i) => setOwn(object, isEscaped(name) ? name.slice(1) : name, values[i]));
  return true;
}
