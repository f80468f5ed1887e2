import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";

/**
 * Adds up what the saver's `onEvent` reports, by AWS operation.
 * @typedef {{ requests: number, bytesSent: number, bytesReceived: number, readUnits: number, writeUnits: number,
 *   durationsMs: number[] }} Totals
 */
export class Meter {
  /** @type {Map<string, Totals>} */
  byOperation = new Map();

  /** @param {import("langgraph-checkpoint-dynamodb").DynamoDBSaverEvent} event */
  onEvent = (event) => {
    if (event.type !== "request") return;
    const totals = this.byOperation.get(event.operation) ?? zero();
    this.byOperation.set(event.operation, totals);
    totals.requests += event.attempts;
    totals.bytesSent += event.bytesSent;
    totals.bytesReceived += event.bytesReceived;
    totals.readUnits += event.consumedCapacity.readUnits;
    totals.writeUnits += event.consumedCapacity.writeUnits;
    totals.durationsMs.push(event.durationMs);
  };

  total() {
    const sum = zero();
    for (const totals of this.byOperation.values()) {
      sum.requests += totals.requests;
      sum.bytesSent += totals.bytesSent;
      sum.bytesReceived += totals.bytesReceived;
      sum.readUnits += totals.readUnits;
      sum.writeUnits += totals.writeUnits;
      sum.durationsMs.push(...totals.durationsMs);
    }
    return sum;
  }

  reset() {
    this.byOperation.clear();
  }
}

/** @returns {Totals} */
function zero() {
  return { requests: 0, bytesSent: 0, bytesReceived: 0, readUnits: 0, writeUnits: 0, durationsMs: [] };
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : /** @type {number} */ (sorted[Math.floor(sorted.length / 2)]);
}

/** The beginning of a segment's sort key, as it stands in a request. */
const SEGMENT = '"SK":{"S":"S#';

/**
 * A saver that counts the requests that store segments: how many those are depends on the values alone.
 * @param {import("langgraph-checkpoint-dynamodb").DynamoDBSaverOptions} options
 */
export function countingSegments(options) {
  const stored = { segments: 0 };
  const saver = new DynamoDBSaver({
    ...options,
    fetch: async (input, init) => {
      if ((await new Response(init?.body).text()).includes(SEGMENT)) stored.segments++;
      return fetch(input, init);
    },
  });
  return { saver, stored };
}
