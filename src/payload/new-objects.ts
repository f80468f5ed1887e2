import { emit } from "../aws/client/events.js";
import { putObject } from "../aws/s3/objects.js";
import type { ObjectPlace } from "../aws/s3/places.js";
import { AwsRequestError } from "../errors.js";
import { daysOf, type Lifetime } from "./lifetime.js";
import { TTL_TAG, type Offload } from "./offload.js";

/* Which segments go to S3, where they go there, and how long they stay. */

/** The lives of objects whose ttl is a call's own, in days. `setup()` installs a rule for each. */
export const RULE_DAYS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048];

/**
 * What a segment says of the object that it becomes, `undefined` where it stays in the table.
 * @param stored its bytes as they are stored
 */
export function objectDaysOf(
  offload: Offload | undefined,
  stored: Uint8Array,
  life: Lifetime | undefined,
): number | undefined {
  return offload && stored.length >= offload.options.thresholdBytes ? daysFor(offload, life) : undefined;
}

/**
 * After how many days an object of this life expires, 0 if it stays: as the saver's own ttl says, or the next of
 * `RULE_DAYS` for a call that has a longer one.
 */
export function daysFor({ tagsRefused, options }: Offload, life: Lifetime | undefined): number {
  const { ttlSeconds: own } = options;
  if (!life || tagsRefused) return 0;
  const needed = daysOf(life.ttlSeconds);
  return own !== undefined && needed <= daysOf(own) ? daysOf(own) : (RULE_DAYS.find((days) => days >= needed) ?? 0);
}

/** Where a new object can go: to its `location`, and beside it where one is being deleted there. */
export function* locationsFor(offload: Offload, days: number): Generator<string, void, undefined> {
  yield offload.location(days);
  for (let n = 2; n < 10; n++) yield `${offload.location(days)}${n}/`;
}

/**
 * Stores an object that expires after so many days from now. False where tags are refused: then objects can only
 * stay.
 */
export async function storeObject(
  offload: Offload,
  place: ObjectPlace,
  stored: Uint8Array,
  days: number,
): Promise<boolean> {
  try {
    await putObject(offload.s3, place, stored, days > 0 ? { [TTL_TAG]: String(days) } : undefined);
    return true;
  } catch (error) {
    // R2 has no tags; a policy can lack s3:PutObjectTagging.
    if (!(days > 0 && error instanceof AwsRequestError && (error.status === 403 || error.status === 501))) throw error;
  }
  if (!offload.tagsRefused) {
    offload.tagsRefused = true;
    const message =
      "S3 objects cannot be tagged here, so they do not expire by themselves; deleteThread removes them. Allow " +
      "s3:PutObjectTagging.";
    emit(offload.options.onEvent, { type: "warning", code: "TAGS_REFUSED", message });
  }
  return false;
}
