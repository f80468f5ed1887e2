import { invalidConfig, invalidInput } from "./errors.js";

/* What kind of thing an option must be. Each check names the option and, where it can, what to write instead. */

/**
 * @param name of an option that has options of its own; `""` for all of them
 * @param known the names that it may have; without them, any
 * @param refusal the error: of a constructor, or of a call
 */
export function checkObject(
  name: string,
  value: unknown,
  known: readonly string[] | undefined,
  example: string,
  refusal = invalidConfig,
): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refusal(`${name || "The options"} must be an object, for example ${example}, not ${kindOf(value)}.`);
  for (const option of Object.keys(value)) {
    if (known && !known.includes(option))
      throw refusal(
        `There is no option ${JSON.stringify(name ? `${name}.${option}` : option)}. The options are ` +
          `${known.join(", ")}.`,
      );
  }
}

export function text(name: string, value: unknown, hint: string): string {
  if (value === undefined || value === "") throw invalidConfig(`${name} is missing. ${hint}`);
  if (typeof value !== "string")
    throw invalidConfig(`${name} must be a string, not ${kindOf(value)}. ${hint}`.trimEnd());
  return value;
}

interface Kinds {
  string: string;
  boolean: boolean;
  function: (...args: never[]) => unknown;
}

export function optional<T, K extends keyof Kinds>(
  name: string,
  value: (T & Kinds[K]) | undefined,
  kind: K,
  refusal = invalidConfig,
): (T & Kinds[K]) | undefined {
  if (value === undefined || typeof value === kind) return value;
  throw refusal(`${name} must be a ${kind}, not ${kindOf(value)}.`);
}

export function wholeNumber(name: string, value: unknown, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw invalidConfig(
    `${name} must be a whole number from ${min} to ${max}, not ${typeof value === "number" ? value : kindOf(value)}.`,
  );
}

export function oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw invalidConfig(`${name} must be one of ${allowed.map((a) => JSON.stringify(a)).join(", ")}.`);
}

/** How many to list. @throws DynamoDBSaverError `INVALID_INPUT` */
export function checkLimit(limit: unknown): void {
  if (limit !== undefined && (typeof limit !== "number" || Number.isNaN(limit)))
    throw invalidInput("limit must be a number.");
}

/** A copy of an array of texts, as it is when a call is made. @throws DynamoDBSaverError `INVALID_INPUT` */
export function textsOf(name: string, values: unknown): string[] {
  // Spread, an array has no holes.
  if (Array.isArray(values) && [...(values as unknown[])].every((value) => typeof value === "string" && value !== ""))
    return [...(values as string[])];
  throw invalidInput(`${name} must be an array of strings that are not empty.`);
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a value is an object with nothing but its own fields, also one of another realm. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    return (
      prototype === null ||
      (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf"))
    );
  } catch {
    return false;
  }
}
