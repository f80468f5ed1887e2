import { toBase64Url } from "../aws/base64.js";
import { emit, type EventListener } from "../aws/events.js";
import type { S3, Tags } from "../aws/s3.js";
import { AwsRequestError, DynamoDBSaverError } from "../errors.js";
import { damaged } from "./format-error.js";
import { daysOf } from "./lifetime.js";

/** The tag that a bucket's lifecycle rule goes by. */
export const TAG = "ttl-days";
/** S3 allows 1,024 bytes a key: prefix, folder, slash and a name of 43. */
const MAX_FOLDER = 700;

/** Where an object lies, as its pointer item keeps it: `bucket/key`. */
export type Pointer = string;

/** Segments that lie in S3. */
export class Offload {
  readonly #s3: S3;
  readonly #prefix: string;
  readonly #onEvent: EventListener | undefined;
  readonly thresholdBytes: number;
  #tagsRefused = false;

  constructor(s3: S3, prefix: string, thresholdBytes: number, onEvent: EventListener | undefined) {
    this.#s3 = s3;
    this.#prefix = prefix;
    this.thresholdBytes = thresholdBytes;
    this.#onEvent = onEvent;
  }

  /** Whether what is stored expires by itself, as far as is known. */
  get expires(): boolean {
    return !this.#tagsRefused;
  }

  /** No part of a key comes from a user as it is: a thread's folder is the base64url of its partition key. */
  async pointer(partition: string, name: string): Promise<Pointer> {
    const bytes = new TextEncoder().encode(partition);
    const folder = toBase64Url(bytes);
    const short = folder.length <= MAX_FOLDER ? folder : `sha256-${toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)))}`;
    return `${this.#s3.bucket}/${this.#prefix}${short}/${name}`;
  }

  /** Stores an object. False when it cannot be tagged, and so will not expire. */
  async put(pointer: Pointer, stored: Uint8Array, ttlSeconds: number | undefined): Promise<boolean> {
    const { bucket, key } = take(pointer);
    if (ttlSeconds === undefined && (await this.#s3.putNewObject(key, stored))) return true;
    // One that is there already may have less time left: it is written again, with a new date and its own tag.
    return this.#tagged(ttlSeconds, (tags) => this.#s3.putObject(key, stored, tags, bucket));
  }

  /**
   * Gives an object a new life. False when it is not there.
   * By writing it again: Ceph and R2 lose the tags of an object that is copied onto itself.
   */
  async renew(pointer: Pointer, ttlSeconds: number | undefined): Promise<boolean> {
    const { bucket, key } = take(pointer);
    const stored = await this.#s3.getObject(bucket, key);
    if (!stored) return false;
    await this.#tagged(ttlSeconds, (tags) => this.#s3.putObject(key, stored, tags, bucket));
    return true;
  }

  async get(pointer: Pointer): Promise<Uint8Array | undefined> {
    const { bucket, key } = take(pointer);
    return this.#s3.getObject(bucket, key);
  }

  async delete(pointers: Pointer[]): Promise<void> {
    const keysByBucket = new Map<string, string[]>();
    for (const pointer of pointers) {
      const { bucket, key } = take(pointer);
      keysByBucket.set(bucket, [...(keysByBucket.get(bucket) ?? []), key]);
    }
    for (const [bucket, keys] of keysByBucket) await this.#s3.deleteObjects(bucket, keys);
  }

  /**
   * Makes sure that objects of this ttl expire: a lifecycle rule of our own beside those of others.
   * @returns whether it had to be installed, and its id
   */
  async installRule(ttlSeconds: number): Promise<{ id: string; installed: boolean }> {
    const days = daysOf(ttlSeconds);
    const folder = this.#prefix.replace(/[^A-Za-z0-9]+/g, "-").replace(/-$/, "");
    const id = `langgraph-checkpoint-dynamodb${folder && `-${folder}`}-${days}-days`;
    const filter = `<And><Prefix>${this.#prefix}</Prefix><Tag><Key>${TAG}</Key><Value>${days}</Value></Tag></And>`;
    const rule = `<Rule><ID>${id}</ID><Filter>${filter}</Filter><Status>Enabled</Status><Expiration><Days>${days}</Days></Expiration></Rule>`;
    const rules = await this.#s3.getLifecycleRules();
    if (rules.some((existing) => existing.includes(`<ID>${id}</ID>`))) return { id, installed: false };
    await this.#s3.putLifecycleRules([...rules, rule]);
    return { id, installed: true };
  }

  /** Runs `send` with the tag, and without it where tags are not allowed (R2 has none, IAM can lack PutObjectTagging). */
  async #tagged(ttlSeconds: number | undefined, send: (tags: Tags) => Promise<void>): Promise<boolean> {
    if (ttlSeconds !== undefined && !this.#tagsRefused) {
      try {
        await send({ [TAG]: String(daysOf(ttlSeconds)) });
        return true;
      } catch (error) {
        if (!(error instanceof AwsRequestError && (error.status === 403 || error.status === 501))) throw error;
      }
    }
    await send(undefined);
    if (ttlSeconds !== undefined && !this.#tagsRefused) {
      this.#tagsRefused = true;
      emit(this.#onEvent, {
        type: "warning",
        code: "TAGS_REFUSED",
        message: "S3 objects cannot be tagged here, so they do not expire by themselves; deleteThread removes them. Allow s3:PutObjectTagging.",
      });
    }
    return ttlSeconds === undefined;
  }
}

/** What is in S3 was written with the option `s3`, and cannot be read without it. */
export function offloadOf(offload: Offload | undefined): Offload {
  if (!offload) throw new DynamoDBSaverError("INVALID_CONFIG", "A value lies in S3. Pass the option s3: { bucket } with which it was written.");
  return offload;
}

function take(pointer: Pointer): { bucket: string; key: string } {
  const slash = pointer.indexOf("/");
  if (slash <= 0) throw damaged("A pointer to S3 is not of the form bucket/key");
  return { bucket: pointer.slice(0, slash), key: pointer.slice(slash + 1) };
}
