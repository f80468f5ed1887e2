import { toBase64Url } from "../aws/base64.js";
import { emit, type EventListener } from "../aws/events.js";
import { isKeyPrefix, type ObjectPlace, type S3, type Tags } from "../aws/s3.js";
import { sha256Name } from "../aws/sha256.js";
import { AwsRequestError, DynamoDBSaverError } from "../errors.js";
import type { SegmentId } from "./keys.js";
import { daysOf } from "./lifetime.js";

/** The tag that a bucket's lifecycle rule goes by. */
export const TTL_TAG = "ttl-days";
/** S3 allows 1,024 bytes a key, and servers that keep objects as files 255 for each part of it. */
const MAX_FOLDER = 200;

export interface OffloadOptions {
  bucket: string;
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

  get thresholdBytes(): number {
    return this.options.thresholdBytes;
  }

  /** Where new objects go: `bucket/prefix`. */
  get location(): string {
    return `${this.options.bucket}/${this.options.prefix}`;
  }

  /** Where a new object can go: to `location`, and beside it where one is being deleted there. */
  *locations(): Generator<string, void, undefined> {
    yield this.location;
    for (let n = 2; n < 10 && isKeyPrefix(`${this.options.prefix}${n}/`); n++) yield `${this.location}${n}/`;
  }

  /** No part of a key comes from a user as it is: a thread's folder is the base64url of its partition key. */
  async place(partition: string, { born, name }: SegmentId, location = this.location): Promise<ObjectPlace> {
    const folder = toBase64Url(new TextEncoder().encode(partition));
    const short = folder.length <= MAX_FOLDER ? folder : `sha256-${await sha256Name(partition)}`;
    const slash = location.indexOf("/");
    return { bucket: location.slice(0, slash), key: `${location.slice(slash + 1)}${short}/${born}-${name}` };
  }

  /**
   * Whether objects written for this ttl expire by themselves. They all get the tag of the one rule there is, so a
   * later write never shortens the life of an object; where that rule is too short, objects stay.
   */
  expires(ttlSeconds: number | undefined): boolean {
    const { ttlSeconds: own } = this.options;
    return ttlSeconds !== undefined && own !== undefined && daysOf(ttlSeconds) <= daysOf(own) && !this.#tagsRefused;
  }

  /** Stores an object that stays. */
  async putLasting(place: ObjectPlace, stored: Uint8Array): Promise<void> {
    await this.s3.putObject(place, stored, undefined);
  }

  /** Stores an object that stays, unless there is one. */
  async putMissing(place: ObjectPlace, stored: Uint8Array): Promise<void> {
    await this.s3.putNewObject(place, stored);
  }

  /**
   * Stores an object that expires, with a new date if there is one already.
   * @param beforeLasting runs first where tags are refused, and the object will stay
   */
  async putExpiring(place: ObjectPlace, stored: Uint8Array, beforeLasting: () => Promise<void>): Promise<void> {
    const tags: Tags = { [TTL_TAG]: String(daysOf(this.options.ttlSeconds!)) };
    try {
      if (!this.#tagsRefused) return await this.s3.putObject(place, stored, tags);
    } catch (error) {
      // R2 has no tags; a policy can lack s3:PutObjectTagging.
      if (!(error instanceof AwsRequestError && (error.status === 403 || error.status === 501))) throw error;
    }
    await beforeLasting();
    await this.putLasting(place, stored);
    if (this.#tagsRefused) return;
    this.#tagsRefused = true;
    const message = "S3 objects cannot be tagged here, so they do not expire by themselves; deleteThread removes them. Allow s3:PutObjectTagging.";
    emit(this.options.onEvent, { type: "warning", code: "TAGS_REFUSED", message });
  }

  async get(place: ObjectPlace): Promise<Uint8Array | undefined> {
    return this.s3.getObject(place, this.options.maxValueBytes + 1_024);
  }

  async delete(places: ObjectPlace[]): Promise<void> {
    const keysByBucket = new Map<string, string[]>();
    for (const { bucket, key } of places) keysByBucket.set(bucket, [...(keysByBucket.get(bucket) ?? []), key]);
    for (const [bucket, keys] of keysByBucket) await this.s3.deleteObjects(bucket, keys);
  }
}

/** What is in S3 was written with the option `s3`, and cannot be read without it. */
export function offloadOf(offload: Offload | undefined): Offload {
  if (!offload) throw new DynamoDBSaverError("INVALID_CONFIG", "A value lies in S3. Pass the option s3: { bucket } with which it was written.");
  return offload;
}
