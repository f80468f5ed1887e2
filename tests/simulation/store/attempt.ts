import { fail, Violation } from "../model/shown.js";
import type { Span } from "../model/records.js";
import type { StoreInstance } from "./instances.js";
import type { Place } from "./model/model.js";
import type { Write } from "./model/records.js";
import type { StoreWorld } from "./store-world.js";

/** Errors of calls whose requests met faults. */
const OF_FAULTS = new Set(["NETWORK", "TIMEOUT", "THROTTLED", "SERVICE_ERROR"]);
/** A signature of DynamoDB's is good for so long. */
const SIGNED_FOR_MS = 300_000;

export type Attempt<T> = { span: Span; metFaults: boolean } & (
  { value: T; outcome: "acknowledged" } | { outcome: "unknown" | "nothing"; value?: undefined }
);

/**
 * Makes a call. What it fails with is no fault of the store where its requests met some, or where it lacks what it
 * needs to read what is there.
 */
export async function attempt<T>(
  world: StoreWorld,
  instance: StoreInstance,
  call: () => Promise<T>,
  mayRefuse: () => boolean = () => false,
): Promise<Attempt<T>> {
  const { client } = instance;
  const before = client.faults;
  world.globals.skewMs = client.skewMs ?? 0;
  const start = world.moment();
  try {
    const value = await call();
    return { value, span: { start, end: world.moment() }, outcome: "acknowledged", metFaults: client.faults > before };
  } catch (caught) {
    if (caught instanceof Violation) throw caught;
    const { code = "", message, stack } = caught as Error & { code?: string };
    const span = { start, end: world.moment() };
    const metFaults = client.faults > before;
    world.trace?.(`${client.name} gets ${code}: ${message}`);
    if (metFaults && OF_FAULTS.has(code)) return { span, outcome: "unknown", metFaults };
    if (code !== "INVALID_CONFIG" || !mayRefuse()) fail(`It fails with ${code || stack}: ${message}`);
    return { span, outcome: metFaults ? "unknown" : "nothing", metFaults };
  }
}

/** Without S3 nobody reads, or cleans up, what lies there under these keys. A search leaves it out. */
export function mayRefuse({ model }: StoreWorld, { plan }: StoreInstance, places: Place[]): boolean {
  if (plan.s3 !== undefined) return false;
  return places.some((place) => model.register(place).writes.some(({ mayHaveObjects }) => mayHaveObjects));
}

/** Notes what has become of a write. */
export function finish(
  write: Write,
  { span, outcome }: Pick<Attempt<unknown>, "span" | "outcome">,
  slackMs: number,
): void {
  write.end = span.end;
  write.outcome = outcome;
  write.untilMs = outcome === "unknown" ? span.end.ms + SIGNED_FOR_MS + slackMs : span.end.ms;
}
