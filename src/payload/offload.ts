import { toBase64Url } from "../aws/base64.js";
import { emit, type EventListener } from "../aws/client/events.js";
import type { S3 } from "../aws/s3/s3.js";
import type { ObjectPlace } from "../aws/s3/places.js";
import { sha256Name } from "../aws/sha256.js";
import { AwsRequestError, DynamoDBSaverError } from "../errors.js";
import type { SegmentId } from "../format/keys.js";
import { daysOf, type Lifetime } from "./lifetime.js";
import { MAX_SEGMENT_BYTES } from "../format/value.js";

/** The tag that a bucket's lifecycle rule goes by. */
export const TTL_TAG = "ttl-days";
/** The lives of objects whose ttl is a call's own, in days. `setup()` installs a rule for each. */
export const RULE_DAYS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048];
/** S3 allows 1,024 bytes a key, and servers that keep objects as files 255 for each part of it. */
const MAX_FOLDER = 200;

export interface OffloadOptions {
  bucket: string;
  /** Where objects may lie besides. */
  olderBuckets: readonly string[];
  prefix: string;
  thresholdBytes: number;
  /** The saver's, whose lifecycle rule `setup()` installs. */
  ttlSeconds: number | undefined;
  maxValueBytes: number;
  onEvent: EventListener | undefined;
}

/** Segments that lie in S3. */
export class Offload {
  #tagsRefused = false;

  constructor(
    readonly s3: S3,
    readonly options: OffloadOptions,
  ) {}

  /** Whether a segment goes to S3 rather than into the table, as its bytes are stored. */
  takes(stored: Uint8Array): boolean {
    return stored.length >= this.options.thresholdBytes;
  }

  /**
   * After how many days an object of this life expires, 0 if it stays: as the saver's own ttl says, or the next of
   * `RULE_DAYS` for a call that has a longer one.
   */
  daysFor(life: Lifetime | undefined): number {
    const { ttlSeconds: own } = this.options;
    if (!life || this.#tagsRefused) return 0;
    const needed = daysOf(life.ttlSeconds);
    return own !== undefined && needed <= daysOf(own) ? daysOf(own) : (RULE_DAYS.find((days) => days >= needed) ?? 0);
  }

  /**
   * Where objects go that expire after so many days: `bucket/prefix`. Each life has a place of its own, so that a write
   * that arrives late never gives an object another life than it has.
   */
  location(days: number): string {
    return `${this.options.bucket}/${this.options.prefix}${days > 0 ? `${TTL_TAG}-${days}/` : ""}`;
  }

  /** Where a new object can go: to its `location`, and beside it where one is being deleted there. */
  *locations(days: number): Generator<string, void, undefined> {
    yield this.location(days);
    for (let n = 2; n < 10; n++) yield `${this.location(days)}${n}/`;
  }

  /** Whether the options name the bucket of a location. What only the table says of a bucket is not believed. */
  isKnown(location: string): boolean {
    const { bucket, olderBuckets } = this.options;
    return [bucket, ...olderBuckets].includes(bucketOf(location));
  }

  /**
   * No part of a key comes from a user as it is: a thread's folder is the base64url of its partition key.
   * @throws DynamoDBSaverError `INVALID_CONFIG` for a bucket that the options do not name
   */
  async place(partition: string, { born, name }: SegmentId, location: string): Promise<ObjectPlace> {
    const folder = toBase64Url(new TextEncoder().encode(partition));
    const short = folder.length <= MAX_FOLDER ? folder : `sha256-${await sha256Name(partition)}`;
    const bucket = bucketOf(location);
    if (!this.isKnown(location)) {
      throw new DynamoDBSaverError(
        "INVALID_CONFIG",
        `A value lies in the bucket ${JSON.stringify(bucket)}, says the table. If that is yours, name it in ` +
          "s3.olderBuckets.",
      );
    }
    return { bucket, key: `${location.slice(bucket.length + 1)}${short}/${born}-${name}` };
  }

  /**
   * Stores an object that expires after so many days from now. False where tags are refused: then objects can only
   * stay.
   */
  async put(place: ObjectPlace, stored: Uint8Array, days: number): Promise<boolean> {
    try {
      await this.s3.putObject(place, stored, days > 0 ? { [TTL_TAG]: String(days) } : undefined);
      return true;
    } catch (error) {
      // R2 has no tags; a policy can lack s3:PutObjectTagging.
      if (!(days > 0 && error instanceof AwsRequestError && (error.status === 403 || error.status === 501)))
        throw error;
    }
    if (!this.#tagsRefused) {
      this.#tagsRefused = true;
      const message =
        "S3 objects cannot be tagged here, so they do not expire by themselves; deleteThread removes them. Allow " +
        "s3:PutObjectTagging.";
      emit(this.options.onEvent, { type: "warning", code: "TAGS_REFUSED", message });
    }
    return false;
  }

  async get(place: ObjectPlace): Promise<Uint8Array | undefined> {
    return this.s3.getObject(place, Math.min(this.options.maxValueBytes, MAX_SEGMENT_BYTES) + 1_024);
  }

  async delete(places: ObjectPlace[]): Promise<void> {
    const keysByBucket = new Map<string, string[]>();
    for (const { bucket, key } of places) {
      const keys = keysByBucket.get(bucket) ?? [];
      keysByBucket.set(bucket, keys);
      keys.push(key);
    }
    for (const [bucket, keys] of keysByBucket) await this.s3.deleteObjects(bucket, keys);
  }
}

const bucketOf = (location: string): string => location.slice(0, location.indexOf("/"));

/** What is in S3 was written with the option `s3`, and cannot be read without it. */
export function offloadOf(offload: Offload | undefined): Offload {
  if (!offload) throw withoutS3();
  return offload;
}

export const withoutS3 = (): DynamoDBSaverError =>
  new DynamoDBSaverError(
    "INVALID_CONFIG",
    "A value lies in S3. Pass the option s3: { bucket } with which it was written.",
  );
