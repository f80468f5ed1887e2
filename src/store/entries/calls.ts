import { toBase64Url } from "../../aws/base64.js";
import type { Item } from "../../aws/dynamodb/items.js";
import { stringOf } from "../../format/attributes.js";

/*
 * Every call that puts or deletes something has a name, which stands in what it has written. Each write is conditional
 * on the exact name that its instance believes is there. So no attempt that arrives late, or twice, undoes what came
 * after it, and no clock is compared with another. What is there tells a call whose answer was lost what became of it.
 */

/** Digits of an instance's random name, and of the number of its call. */
const INSTANCE = 7;
const NUMBER = 5;
const RADIX = 36;

/** A call, as it is made. */
export interface Call {
  name: string;
  /** When it was made, in microseconds since 1970. */
  stamp: number;
}

/** The calls of one instance, in the order in which they are made. */
export class Calls {
  #instance: string | undefined;
  #number = 0;
  #stamp = 0;

  next(): Call {
    const number = (this.#number++ % RADIX ** NUMBER).toString(RADIX).padStart(NUMBER, "0");
    // The last digits are of no clock: two instances that create one entry at a time hardly ever have the same time.
    const now = Date.now() * 1_000 + Math.floor(Math.random() * 1_000);
    // Not before the first call: a Worker that makes its store before its first request has no random numbers yet.
    this.#instance ??= toBase64Url(crypto.getRandomValues(new Uint8Array(5)));
    return { name: this.#instance + number, stamp: (this.#stamp = Math.max(this.#stamp + 1, now)) };
  }
}

/** The calls that an item was written by, the last one first. */
export function versionsOf(item: Item): string[] {
  const past = stringOf(item, "past") ?? "";
  const versions = [stringOf(item, "ver") ?? ""];
  for (let at = 0; at < past.length; at += INSTANCE + NUMBER) versions.push(past.slice(at, at + INSTANCE + NUMBER));
  return versions.filter((version) => version.length === INSTANCE + NUMBER);
}

/**
 * Of each other instance the last of its calls, in their order: whether an earlier one was applied makes no difference
 * to it any more.
 */
export function latestOfEach(versions: string[], call: string): string[] {
  const instances = new Set([call.slice(0, INSTANCE)]);
  return versions.filter((version) => {
    const instance = version.slice(0, INSTANCE);
    return !instances.has(instance) && instances.add(instance);
  });
}

/** Whether a call was applied, if another has replaced it since, too. */
export const wasApplied = (call: string, there: Item): boolean => versionsOf(there).includes(call);

/** Whether a later call of the same instance was applied: then this one has nothing to do any more. */
export const isOvertaken = (call: string, there: Item | undefined): boolean =>
  there !== undefined &&
  versionsOf(there).some((version) => version.slice(0, INSTANCE) === call.slice(0, INSTANCE) && version > call);
