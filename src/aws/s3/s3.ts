import { AwsRequestError } from "../../errors.js";
import type { AwsClient, AwsRequest } from "../client/client.js";
import type { Answer } from "../client/exchange.js";
import { sha256 } from "../sha256.js";
import { explain, parseError, type Operation } from "./failures.js";
import { objectUrl, type ObjectPlace, type S3Config } from "./places.js";

const NO_CAPACITY = { readUnits: 0, writeUnits: 0 };

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

/** S3's REST interface, as far as a reader needs it. What else offloading does is in `objects.ts`. */
export class S3 {
  readonly #client: AwsClient;
  readonly #config: S3Config;

  constructor(client: AwsClient, config: S3Config) {
    this.#client = client;
    this.#config = config;
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
      if (isMissing(error)) return undefined;
      throw error;
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

/** Whether an error says that there is no such object; an answer that there is no such bucket says nothing of it. */
export const isMissing = (error: unknown): boolean =>
  error instanceof AwsRequestError && error.status === 404 && error.serviceCode !== "NoSuchBucket";
