import { unfit } from "./http-error.js";

export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** DynamoDB stores texts as UTF-8, which half a surrogate pair is not: another text would come back. */
const isHalf = (text: string): boolean => /\p{Surrogate}/u.test(text);

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string" || value === "") throw unfit(`${name} must be a text that is not empty.`);
  if (isHalf(value)) throw unfit(`${name} has half a surrogate pair. Send whole characters.`);
  return value;
}

/** The same, where an empty text is none. */
export const filledIn = (fields: Fields, name: string): string | undefined =>
  fields[name] === "" ? undefined : textIn(fields, name);

export function fieldsIn(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  if (isAbsent(value)) return undefined;
  if (!isFields(value)) throw unfit(`${name} must be an object.`);
  return value;
}

export function oneIn<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T | undefined {
  const value = fields[name];
  if (isAbsent(value)) return undefined;
  if (!allowed.includes(value as T)) throw unfit(`${name} must be one of ${allowed.join(", ")}.`);
  return value as T;
}

export function booleanIn(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (isAbsent(value)) return undefined;
  if (typeof value !== "boolean") throw unfit(`${name} must be true or false.`);
  return value;
}

/** Whether a flag is set, also as a text, as query parameters are. */
export const isOn = (value: unknown): boolean => value === true || value === "true" || value === "1";

/** A whole number, also as a text, as query parameters are. */
export function numberIn(fields: Fields, name: string, usual: number, most: number): number {
  const given = fields[name] ?? usual;
  const value = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
  if (!Number.isInteger(value) || (value as number) < 0) throw unfit(`${name} must be a whole number, 0 or more.`);
  return Math.min(value as number, most);
}

export function textsIn(fields: Fields, name: string): string[] | undefined {
  const value = fields[name];
  if (isAbsent(value)) return undefined;
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string"))
    throw unfit(`${name} must be an array of texts.`);
  if (value.some(isHalf)) throw unfit(`${name} has half a surrogate pair. Send whole characters.`);
  return value;
}
