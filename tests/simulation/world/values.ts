import { compareNumbers } from "./expressions/numbers.js";
import type { Item, Value } from "./item.js";

/** In the order of DynamoDB's keys, which is that of UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // A surrogate stands for a code point above all that are one unit long.
    const [above, below] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
    return above === below ? x - y : above ? 1 : -1;
  }
  return a.length - b.length;
}

export const typeOf = (value: Value): string => Object.keys(value)[0]!;

/** Less than, equal to or more than 0; undefined for two of different types, and for what has no order. */
export function compare(a: Value, b: Value): number | undefined {
  const type = typeOf(a);
  if (type !== typeOf(b)) return undefined;
  const [x, y] = [a[type], b[type]];
  if (type === "N") return compareNumbers(x as string, y as string);
  if (type === "S") return compareText(x as string, y as string);
  if (type === "B") return Buffer.compare(Buffer.from(x as string, "base64"), Buffer.from(y as string, "base64"));
  return undefined;
}

/** Sets and maps have no order. */
export function equal(a: Value, b: Value): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  const [x, y] = [a[type], b[type]];
  if (type === "N" || type === "S" || type === "B") return compare(a, b) === 0;
  if (type === "L") return sameLength(x, y) && (x as Value[]).every((one, i) => equal(one, (y as Value[])[i]!));
  if (type === "M")
    return (
      Object.keys(x as Item).length === Object.keys(y as Item).length &&
      Object.entries(x as Item).every(([name, one]) => name in (y as Item) && equal(one, (y as Item)[name]!))
    );
  if (!Array.isArray(x)) return x === y;
  const [of] = type;
  return (
    sameLength(x, y) && x.every((one) => (y as unknown[]).some((other) => equal({ [of!]: one }, { [of!]: other })))
  );
}

const sameLength = (x: unknown, y: unknown): boolean => (x as unknown[]).length === (y as unknown[]).length;

/** As DynamoDB counts it: names and values. */
export function bytesOf(item: Item): number {
  let bytes = 0;
  for (const name in item) bytes += name.length + valueBytes(item[name]!);
  return bytes;
}

function valueBytes(value: Value): number {
  const type = typeOf(value);
  const of = value[type];
  if (type === "S") return Buffer.byteLength(of as string);
  if (type === "B") return Math.floor(((of as string).length * 3) / 4);
  if (type === "N") return Math.ceil((of as string).length / 2) + 1;
  if (type === "M") return 3 + bytesOf(of as Item);
  if (type === "L") return 3 + (of as Value[]).reduce((sum, one) => sum + 1 + valueBytes(one), 0);
  return Array.isArray(of) ? of.reduce((sum: number, one) => sum + String(one).length, 0) : 1;
}

/** Where a sort key stands among others, or would. */
export function placeOf(order: string[], sk: string): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareText(order[middle]!, sk) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
