import type { DynamoDBSaver, DynamoDBSaverEvent, Fetch } from "langgraph-checkpoint-dynamodb";
import { createSaver, type SaverOptions } from "../savers/harness.js";

/** What a saver sent: requests by operation, bytes, read units, and how many requests waited for one another. */
export class RequestLog {
  #operations: string[] = [];
  #bytesSent = 0;
  #readUnits = 0;
  #roundTrips = 0;
  #isCounting = false;

  /** Where requests go after they are counted. */
  constructor(private readonly next: Fetch = (url, init) => fetch(url, init)) {}

  readonly fetch: Fetch = async (url, init) => {
    this.#operations.push(operationOf(init));
    this.#bytesSent += (init.body as Uint8Array).length;
    // A request that starts after another has ended may depend on it: that is one round trip more.
    const roundTrip = this.#roundTrips + 1;
    const response = await this.next(url, init);
    if (this.#isCounting) await settled();
    this.#roundTrips = Math.max(this.#roundTrips, roundTrip);
    return response;
  };

  readonly onEvent = (event: DynamoDBSaverEvent): void => {
    if (event.type === "request") this.#readUnits += event.consumedCapacity.readUnits;
  };

  /** What `action` sent, and what it returned. */
  async during<T>(action: () => Promise<T>): Promise<Requests & { result: T }> {
    this.#operations = [];
    this.#bytesSent = 0;
    this.#readUnits = 0;
    this.#roundTrips = 0;
    this.#isCounting = true;
    const result = await action().finally(() => (this.#isCounting = false));
    return {
      result,
      operations: this.#operations.toSorted(),
      bytesSent: this.#bytesSent,
      readUnits: this.#readUnits,
      roundTrips: this.#roundTrips,
    };
  }
}

const realSetTimeout = setTimeout;

/** On a busy machine one request can be answered before another, which does not wait for it, is signed. */
const settled = (): Promise<void> => new Promise((resolve) => realSetTimeout(resolve, 20));

export interface Requests {
  /** AWS's names, sorted. */
  operations: string[];
  bytesSent: number;
  readUnits: number;
  roundTrips: number;
}

/** A saver, and the log of its requests. */
export function countedSaver(overrides: Partial<SaverOptions> = {}): { saver: DynamoDBSaver; log: RequestLog } {
  const log = new RequestLog(overrides.fetch);
  return { saver: createSaver({ ...overrides, fetch: log.fetch, onEvent: log.onEvent }), log };
}

/** The AWS operation of a request, for example `"PutItem"`. */
export function operationOf({ headers }: RequestInit): string {
  return new Headers(headers).get("x-amz-target")!.split(".")[1]!;
}

/** For several savers on the same data: what one has cached, another reads cold. */
export const newPrefix = (): string => `${crypto.randomUUID()}#`;
