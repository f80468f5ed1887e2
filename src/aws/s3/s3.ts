import { AwsRequestError } from "../../errors.js";
import { toBase64 } from "../base64.js";
import { ReportedError, type AwsClient, type AwsRequest } from "../client/client.js";
import type { Answer } from "../client/exchange.js";
import { retryKind } from "../client/retry.js";
import { sha256 } from "../sha256.js";
import { explain, parseError, type Operation } from "./failures.js";
import { objectUrl, type ObjectPlace, type S3Config } from "./places.js";
import { documentOf, elements, escapeXml, elementText } from "./xml.js";

/** "DeleteObjects": keys of one request. */
const DELETE_BATCH = 1_000;

const NO_CAPACITY = { readUnits: 0, writeUnits: 0 };
const encoder = new TextEncoder();

export interface S3Request<T> {
  operation: Operation;
  method: "GET" | "PUT" | "POST";
  bucket: string;
  key?: string;
  query?: string;
  body?: Uint8Array;
  headers?: Record<string, string>;
  parse: (answer: Answer) => T;
  maxAnswerBytes?: number;
}

/** An answer to a write has no body. One that does is of somebody in between. */
export function nothing({ body }: Answer): void {
  if (body.length > 0) throw new SyntaxError("The answer has a body.");
}

/** The few operations of S3's REST interface that offloading needs. */
export class S3 {
  readonly #client: AwsClient;
  readonly #config: S3Config;

  constructor(client: AwsClient, config: S3Config) {
    this.#client = client;
    this.#config = config;
  }

  /** Stores an object with its tags, over one of the same key. */
  async putObject({ bucket, key }: ObjectPlace, body: Uint8Array, tags: Tags): Promise<void> {
    await this.send({
      operation: "PutObject",
      method: "PUT",
      bucket,
      key,
      body,
      headers: tagging(tags),
      parse: nothing,
    });
  }

  /** The object's bytes, or `undefined` when there is none. */
  async getObject({ bucket, key }: ObjectPlace, maxBytes: number): Promise<Uint8Array | undefined> {
    try {
      return await this.send({
        operation: "GetObject",
        method: "GET",
        bucket,
        key,
        maxAnswerBytes: maxBytes,
        parse: ({ body }) => body,
      });
    } catch (error) {
      if (hasStatus(error, 404) && (error as AwsRequestError).serviceCode !== "NoSuchBucket") return undefined;
      throw error;
    }
  }

  /** The object's length in bytes, or `undefined` when there is none: asked for by its first byte. */
  async sizeOf({ bucket, key }: ObjectPlace): Promise<number | undefined> {
    const sizeIn = ({ headers, body }: Answer): number =>
      Number(headers.get("content-range")?.split("/")[1] ?? body.length);
    try {
      return await this.send({
        operation: "GetObject",
        method: "GET",
        bucket,
        key,
        headers: { range: "bytes=0-0" },
        parse: sizeIn,
      });
    } catch (error) {
      if (hasStatus(error, 404) && (error as AwsRequestError).serviceCode !== "NoSuchBucket") return undefined;
      throw error;
    }
  }

  /** Deletes any number of objects; those that are not there do not matter. */
  async deleteObjects(bucket: string, keys: string[]): Promise<void> {
    for (let i = 0; i < keys.length; i += DELETE_BATCH) {
      const objects = keys.slice(i, i + DELETE_BATCH).map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`);
      const body = encoder.encode(`<Delete xmlns="${NAMESPACE}"><Quiet>true</Quiet>${objects.join("")}</Delete>`);
      const request = {
        operation: "DeleteObjects",
        method: "POST",
        bucket,
        query: "?delete=",
        body,
        headers: await checksum(body),
      } as const;
      await this.send({
        ...request,
        parse: (answer) => {
          // The same request, sent again, deletes what is left.
          const codes = elements(documentOf(answer.body, "DeleteResult"), "Error").map((error) =>
            elementText(error, "Code"),
          );
          if (codes.length > 0) throw new ReportedError(codes.find((code) => retryKind(200, code)) ?? codes[0]);
        },
      });
    }
  }

  /** An operation that has no method here. */
  async send<T>(input: S3Request<T>): Promise<T> {
    const { operation, method, bucket, key = "", query = "", headers, parse, maxAnswerBytes } = input;
    const body = (input.body ?? new Uint8Array(0)) as Uint8Array<ArrayBuffer>;
    const hash = await sha256(body);
    const request: AwsRequest<T> = {
      service: "s3",
      operation,
      method,
      url: this.#url(bucket, key) + query,
      maxAnswerBytes,
      region: this.#config.region,
      headers: {
        ...headers,
        "x-amz-content-sha256": Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      },
      body,
      parse,
      consumed: () => NO_CAPACITY,
      named: [400, 403, 409],
      parseError,
      explain: (serviceCode) => explain(operation, bucket, serviceCode),
    };
    return this.#client.send(request);
  }

  #url(bucket: string, key: string): string {
    return objectUrl(this.#config, bucket, key);
  }
}

/** Tags of an object, or `undefined` for none. */
export type Tags = Record<string, string> | undefined;

export const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

const tagging = (tags: Tags): Record<string, string> =>
  tags ? { "x-amz-tagging": new URLSearchParams(tags).toString() } : {};

/** "DeleteObjects" and "PutBucketLifecycleConfiguration" require a checksum of the body; any that S3 knows will do. */
export async function checksum(body: Uint8Array<ArrayBuffer>): Promise<Record<string, string>> {
  const hash = await sha256(body);
  return {
    "content-type": "application/xml",
    "x-amz-sdk-checksum-algorithm": "SHA256",
    "x-amz-checksum-sha256": toBase64(hash),
  };
}

const hasStatus = (error: unknown, status: number): boolean =>
  error instanceof AwsRequestError && error.status === status;
