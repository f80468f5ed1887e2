/*
 * Instances tell each other times by what they store, so they have to mean one clock. A machine's own can be off by
 * hours; every answer of DynamoDB says its time.
 */

export interface TableClock {
  /** The time, in milliseconds since 1970, as far as it is known. */
  now(): number;
  /** The service's time; NaN, which is neither before nor after anything, where no answer has told it yet. */
  told(): number;
  /** Comes after every answer. */
  hear(headers: Pick<Headers, "get">): void;
}

/** That of the machine, whatever answers say. */
export const machineClock: TableClock = { now: () => Date.now(), told: () => Date.now(), hear: () => undefined };

/** An answer tells the time by the second, and takes time. A clock that is off by less counts as right. */
const RIGHT_ENOUGH_MS = 60_000;

/** The service's, by the latest answer. */
export class ServiceClock implements TableClock {
  #aheadMs: number | undefined;

  now(): number {
    return Date.now() + (this.#aheadMs ?? 0);
  }

  told(): number {
    return this.#aheadMs === undefined ? NaN : this.now();
  }

  hear(headers: Pick<Headers, "get">): void {
    const aheadMs = Date.parse(headers.get("date") ?? "") - Date.now();
    if (Number.isNaN(aheadMs)) return;
    if (Math.abs(aheadMs - (this.#aheadMs ?? 0)) > RIGHT_ENOUGH_MS) this.#aheadMs = aheadMs;
    else this.#aheadMs ??= 0;
  }
}

/** Whether what a clock said proves to have been wrong since, or is long ago. */
export const isFar = (clock: TableClock, said: number, mostMs = RIGHT_ENOUGH_MS): boolean =>
  Math.abs(clock.now() - said) > mostMs;
