import { isPlain } from "../format/serde/arguments.js";

/** As deep as the serde goes. */
const MAX_DEPTH = 1_000;

/**
 * A copy of plain data, in which each getter was asked once: so what is embedded is what is stored. Objects of classes
 * are themselves in it. What cannot be copied so is given back as it is, for the serde to say why it cannot be stored.
 */
export function readOnce(value: object): object {
  const copies = new Map<object, unknown>();
  const copyOf = (one: unknown, depth: number): unknown => {
    if (typeof one !== "object" || one === null) return one;
    if ("toJSON" in one || !(Array.isArray(one) || isPlain(one))) return one;
    if (copies.has(one)) {
      const copy = copies.get(one);
      if (copy === undefined) throw new RangeError("What contains itself");
      return copy;
    }
    if (depth > MAX_DEPTH) throw new RangeError("Too deep");
    copies.set(one, undefined);
    const copy: unknown = Array.isArray(one)
      ? Array.from(one, (element) => copyOf(element, depth + 1))
      : Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, copyOf(inner, depth + 1)]));
    copies.set(one, copy);
    return copy;
  };
  try {
    return copyOf(value, 1) as object;
  } catch {
    return value;
  }
}
