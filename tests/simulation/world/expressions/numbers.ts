import { ServiceError } from "../service-error.js";

/* DynamoDB's numbers: 38 digits, which JavaScript's do not hold. */

const EXPONENT = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/** As a whole number times a power of ten. */
function scaled(text: string): { digits: bigint; exponent: number } {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = EXPONENT.exec(text) ?? [];
  return { digits: BigInt(`${sign}${whole}${fraction || ""}` || "0"), exponent: Number(exponent) - fraction.length };
}

function aligned(a: string, b: string): { x: bigint; y: bigint; exponent: number } {
  const [one, other] = [scaled(a), scaled(b)];
  const exponent = Math.min(one.exponent, other.exponent);
  const at = ({ digits, exponent: own }: typeof one): bigint => digits * 10n ** BigInt(own - exponent);
  return { x: at(one), y: at(other), exponent };
}

export function compareNumbers(a: string, b: string): number {
  const { x, y } = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** `a` and, with the sign 1 or -1, `b`. */
export function add(a: string, b: string, sign: number): string {
  const { x, y, exponent } = aligned(a, b);
  return shown(sign > 0 ? x + y : x - y, exponent);
}

function shown(digits: bigint, exponent: number): string {
  if (/^-?(\d*?)0*$/.exec(String(digits))![1]!.length > 38)
    throw new ServiceError("ValidationException", "DynamoDB only supports precision up to 38 digits");
  if (exponent >= 0) return String(digits * 10n ** BigInt(exponent));
  const text = String(digits < 0n ? -digits : digits).padStart(1 - exponent, "0");
  const fraction = text.slice(exponent).replace(/0+$/, "");
  return `${digits < 0n ? "-" : ""}${text.slice(0, exponent)}${fraction && `.${fraction}`}`;
}
