import { InvalidArgumentError } from "commander";
import { STATUSES, type Status } from "../inspect/statuses.js";

/** For an option that takes a whole number. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= minimum) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} on.`);
  };
}

/** For an option that takes a list of statuses of threads. */
export function statusesIn(text: string): ReadonlySet<Status> {
  const given = text.split(",").map((one) => one.trim());
  const isStatus = (one: string): one is Status => (STATUSES as readonly string[]).includes(one);
  if (given.every(isStatus)) return new Set(given);
  throw new InvalidArgumentError(`It must be some of ${STATUSES.join(", ")}, with commas between them.`);
}

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 7 * 86_400 } as const;

/** For an option that takes a duration: seconds from `"90s"`, `"15m"`, `"12h"`, `"30d"` or `"2w"`. */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * SECONDS[unit as keyof typeof SECONDS];
  if (text === "0") return 0;
  throw new InvalidArgumentError('It must be a duration such as "90s", "15m", "12h", "30d" or "2w".');
}

/** For a thread's id: DynamoDB has no empty key. */
export function threadId(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("An id has at least one character.");
}

/** For the ids of several threads. */
export const threadIds = (text: string, before: string[] = []): string[] => [...before, threadId(text)];

/**
 * For an option that may come several times. (One that takes several at once would take the arguments behind it too.)
 */
export const repeated = (text: string, before: string[] = []): string[] => [...before, text];
