import type { AttributeValue, Item } from "../aws/dynamodb/items.js";
import { damaged } from "./format-error.js";

/**
 * The attribute with the number of a call; of a writes item, that of each special channel has the channel's index
 * behind it.
 */
export const ORDER = "at";

/**
 * Which of two calls came later. An attempt of `putWrites` that timed out can arrive when a later call was
 * acknowledged, and must not undo that one where the last write counts. So each such write has a number by it: the time
 * of the call in milliseconds, and six digits for the instance that has made it. No attempt replaces what has a higher
 * number.
 */
export class WriteOrder {
  #digits: string | undefined;
  #last = 0;

  /** Made when it is first needed: a Worker that makes its saver before its first request has no random numbers yet. */
  get #instance(): string {
    return (this.#digits ??= String(crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000).padStart(6, "0"));
  }

  /** The number of a call that is made now. */
  next(): string {
    this.#last = Math.max(Date.now(), this.#last + 1);
    return this.#numberAt(this.#last);
  }

  /**
   * The number of a call that is still under way, and has met a higher one. That was given by a machine whose clock is
   * ahead, and this call takes effect after it; `undefined` where it was a later call of this instance.
   */
  after(met: string): string | undefined {
    if (met.endsWith(this.#instance)) return undefined;
    const time = Number(met.slice(0, -this.#instance.length));
    this.#last = Math.max(this.#last, time + 1);
    return this.#numberAt(time + 1);
  }

  #numberAt(time: number): string {
    return `${time}${this.#instance}`;
  }
}

/** The number of a call that tells what another saver has: lower than that of any call that says something new. */
export const importOrder = (): string => String(Date.now());

/**
 * The number of calls that have changed a writes item, by which one tells whether another came between.
 *
 * @throws FormatError
 */
export function callsOf({ n }: Item): AttributeValue {
  if (n && "N" in n) return n;
  throw damaged("The attribute n has another shape");
}

/** A time in milliseconds until far beyond all dates, and the digits of the instance. */
const NUMBER = /^\d{7,21}$/;

/** The number that an item has, if it has one. @throws FormatError */
export function orderOf(item: Item | undefined, attribute = ORDER): string | undefined {
  const value = item?.[attribute];
  if (!value) return undefined;
  if ("N" in value && NUMBER.test(value.N)) return value.N;
  throw damaged(`The attribute ${attribute} has another shape`);
}

export const isLater = (a: string, b: string): boolean => BigInt(a) > BigInt(b);
