import { toBase64Url } from "../aws/base64.js";
import type { EventListener } from "../aws/client/events.js";
import type { S3 } from "../aws/s3/s3.js";
import type { ObjectPlace } from "../aws/s3/places.js";
import { sha256Name } from "../aws/sha256.js";
import { DynamoDBSaverError } from "../errors.js";
import type { SegmentId } from "../format/keys.js";
import { MAX_SEGMENT_BYTES } from "../format/value.js";

/** The tag that a bucket's lifecycle rule goes by. */
export const TTL_TAG = "ttl-days";
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

/** Segments that lie in S3, as a reader finds them. What is put there, and how, is in `new-objects.ts`. */
export class Offload {
  /** That S3 has refused a tag. From then on new objects stay. */
  tagsRefused = false;

  constructor(
    readonly s3: S3,
    readonly options: OffloadOptions,
  ) {}

  /**
   * Where objects go that expire after so many days: `bucket/prefix`. Each life has a place of its own, so that a write
   * that arrives late never gives an object another life than it has.
   */
  location(days: number): string {
    return `${this.options.bucket}/${this.options.prefix}${days > 0 ? `${TTL_TAG}-${days}/` : ""}`;
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

  async get(place: ObjectPlace): Promise<Uint8Array | undefined> {
    return this.s3.getObject(place, Math.min(this.options.maxValueBytes, MAX_SEGMENT_BYTES) + 1_024);
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
