import type { Value } from "../item.js";
import { refuse } from "../service-error.js";
import { equal, typeOf } from "../values.js";

/* What conditions and updates do with values. */

export const isSame = (a: Value | undefined, b: Value | undefined): boolean => !!a && !!b && equal(a, b);

export const ORDERS: Record<string, (order: number) => boolean> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

const binary = (value: unknown): Buffer => Buffer.from(value as string, "base64");

export const TESTS: Record<string, (a: Value, b: Value) => boolean> = {
  attribute_type: (a, b) => typeOf(a) === b.S,
  begins_with: (a, b) =>
    "S" in a && "S" in b
      ? (a.S as string).startsWith(b.S as string)
      : "B" in a && "B" in b && binary(a.B).subarray(0, binary(b.B).length).equals(binary(b.B)),
  contains: (a, b) => {
    if ("S" in a) return "S" in b && (a.S as string).includes(b.S as string);
    if ("B" in a) return "B" in b && binary(a.B).includes(binary(b.B));
    if ("L" in a) return (a.L as Value[]).some((one) => equal(one, b));
    const [type, of] = [typeOf(a), typeOf(b)];
    return type === `${of}S` && (a[type] as unknown[]).some((one) => equal({ [of]: one }, b));
  },
};

export const number = (value: Value): string =>
  (value.N as string | undefined) ?? refuse("An operand in the update expression has an incorrect data type");

export const listOf = (value: Value): Value[] =>
  (value.L as Value[] | undefined) ?? refuse("An operand in the update expression has an incorrect data type");

export function sizeOf(value: Value | undefined): Value | undefined {
  if (!value) return undefined;
  const of = value[typeOf(value)];
  if ("B" in value) return { N: String(binary(of).length) };
  if ("S" in value) return { N: String((of as string).length) };
  return typeof of === "object" && of !== null ? { N: String(Object.keys(of).length) } : undefined;
}
