import type { Fields } from "./fields.js";
import { unfit } from "./http-error.js";

/*
 * What a body may be, whatever its route: what is stored is read again by code that calls itself for each level, so
 * one odd value would break whoever meets it later.
 */

/** Levels of what a graph or the store gets, below the saver's own limit, and of all else, which the server keeps. */
const DEEP_LEVELS = 500;
const LEVELS = 100;
const DEEP: readonly string[] = ["input", "values", "command", "supersteps", "context", "value"];

const isHolder = (value: unknown): value is object => typeof value === "object" && value !== null;

/** What is wrong with a value. It goes through it level by level: any depth fits. */
function flawOf(value: unknown, levels: number): string | undefined {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (level.includes(Infinity) || level.includes(-Infinity)) return "has a number that is too large";
    const holders = level.filter(isHolder);
    if (holders.length > 0 && depth >= levels) return `is nested deeper than ${levels} levels`;
    if (holders.some((holder) => Object.hasOwn(holder, "__proto__"))) return "has a field __proto__";
    level = holders.flatMap((holder) => Object.values(holder) as unknown[]);
  }
  return undefined;
}

/** @throws HttpError 422 */
export function checkBody(body: Fields): void {
  for (const [name, value] of Object.entries(body)) {
    const flaw = name === "__proto__" ? "is no field" : flawOf(value, DEEP.includes(name) ? DEEP_LEVELS : LEVELS);
    if (flaw !== undefined) throw unfit(`${name} ${flaw}.`);
  }
}

/** Those of stored fields that could be sent today. */
export const fitting = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => flawOf(value, LEVELS) === undefined));
