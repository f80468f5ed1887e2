import { AwsRequestError } from "../../errors.js";
import type { AwsClient, AwsRequest } from "../client/client.js";
import { explain, parseError, type Operation } from "./failures.js";

/** "QueryVectors": the most that one query finds, in as many pages as that takes. */
export const MAX_TOP_K = 10_000;

/** Where an index is. */
export interface S3VectorsConfig {
  vectorBucketName: string;
  indexName: string;
  region: string;
  endpoint: string;
}

/** What is stored beside a vector: texts, and lists of them. */
export type Metadata = Record<string, string | string[]>;

export interface Vector {
  key: string;
  float32: number[];
  metadata: Metadata;
}

/** As it was answered: not checked yet. */
export interface FoundVector {
  distance?: unknown;
  metadata?: unknown;
}

export interface Query {
  topK: number;
  float32: number[];
  /** A key of the metadata, and the text that it must be or have in its list. */
  equals: [key: string, text: string];
}

/** As it was answered: not checked yet. */
export interface IndexDescription {
  dataType?: unknown;
  dimension?: unknown;
  distanceMetric?: unknown;
  metadataConfiguration?: { nonFilterableMetadataKeys?: unknown };
}

const NO_CAPACITY = { readUnits: 0, writeUnits: 0 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** "Amazon S3 Vectors endpoints": the domain is the one of the AWS partition's dual-stack endpoints. */
export function s3VectorsEndpoint(region: string): string {
  const domain = region.startsWith("cn-")
    ? "api.amazonwebservices.com.cn"
    : region.startsWith("eusc-")
      ? "api.amazonwebservices.eu"
      : "api.aws";
  return `https://s3vectors.${region}.${domain}/`;
}

/** "Naming rules" of vector buckets and of vector indexes. */
export const isVectorsName = (name: string): boolean => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name);

/** The operations on one index of vectors: REST with JSON, one path an operation. */
export class S3Vectors {
  // Private fields: neither `inspect` nor `JSON.stringify` shows credentials.
  readonly #client: Pick<AwsClient, "send">;
  readonly #config: S3VectorsConfig;

  constructor(client: Pick<AwsClient, "send">, config: S3VectorsConfig) {
    this.#client = client;
    this.#config = config;
  }

  /** Its names, for messages. */
  get place(): string {
    const { vectorBucketName, indexName } = this.#config;
    return `index ${JSON.stringify(indexName)} in the vector bucket ${JSON.stringify(vectorBucketName)}`;
  }

  /** False when there is one already. */
  createVectorBucket(): Promise<boolean> {
    return this.#unless("ConflictException", this.#call("CreateVectorBucket", {}));
  }

  /** `"no bucket"` when there is none to create it in, `"existed"` when it is there. */
  async createIndex(
    dimension: number,
    nonFilterableMetadataKeys: string[],
  ): Promise<"created" | "existed" | "no bucket"> {
    const creating = this.#call("CreateIndex", {
      dataType: "float32",
      dimension,
      distanceMetric: "cosine",
      metadataConfiguration: { nonFilterableMetadataKeys },
    });
    try {
      return (await this.#unless("ConflictException", creating)) ? "created" : "existed";
    } catch (error) {
      if (isNamed(error, "NotFoundException")) return "no bucket";
      throw error;
    }
  }

  /** `undefined` when there is no index, or no bucket. */
  async getIndex(): Promise<IndexDescription | undefined> {
    try {
      return (await this.#call<{ index: IndexDescription }>("GetIndex", {}, ({ index }) => isObject(index))).index;
    } catch (error) {
      if (isNamed(error, "NotFoundException")) return undefined;
      throw error;
    }
  }

  /** Stores up to 500 vectors, over those of the same keys. */
  async putVectors(vectors: Vector[]): Promise<void> {
    await this.#call("PutVectors", {
      vectors: vectors.map(({ key, float32, metadata }) => ({ key, data: { float32 }, metadata })),
    });
  }

  /** Deletes up to 500 vectors; those that are not there do not matter. */
  async deleteVectors(keys: string[]): Promise<void> {
    await this.#call("DeleteVectors", { keys });
  }

  /** The nearest first, page by page, with their metadata and distances. */
  async *queryVectors({ topK, float32, equals: [key, text] }: Query): AsyncGenerator<FoundVector[], void, undefined> {
    interface Output {
      vectors: FoundVector[];
      nextToken?: string;
    }
    const query = {
      topK,
      queryVector: { float32 },
      filter: { [key]: { $eq: text } },
      returnMetadata: true,
      returnDistance: true,
    };
    let nextToken: string | undefined;
    do {
      // A token counts only beside the query that it was given for.
      const input = { ...query, ...(nextToken && { nextToken }) };
      const page: Output = await this.#call<Output>("QueryVectors", input, ({ vectors }) => Array.isArray(vectors));
      yield page.vectors;
      nextToken = page.nextToken;
    } while (nextToken);
  }

  async #unless(serviceCode: string, call: Promise<unknown>): Promise<boolean> {
    try {
      await call;
      return true;
    } catch (error) {
      if (isNamed(error, serviceCode)) return false;
      throw error;
    }
  }

  /** @param isWhole whether an answer has what it must have: another one is garbled, and must not pass for nothing */
  #call<T extends object>(
    operation: Operation,
    input: Record<string, unknown>,
    isWhole: (output: Partial<T>) => boolean = () => true,
  ): Promise<T> {
    const { vectorBucketName, indexName, region, endpoint } = this.#config;
    const place = operation === "CreateVectorBucket" ? { vectorBucketName } : { vectorBucketName, indexName };
    const request: AwsRequest<T> = {
      service: "s3vectors",
      operation,
      method: "POST",
      url: `${endpoint.replace(/\/$/, "")}/${operation}`,
      region,
      headers: { "content-type": "application/json" },
      body: encoder.encode(JSON.stringify({ ...place, ...input })),
      parse: ({ body }) => {
        // What has nothing to say may have no body at all.
        const output = (body.length > 0 ? JSON.parse(decoder.decode(body)) : {}) as T;
        if (!isObject(output) || !isWhole(output)) throw new SyntaxError("The answer has another shape.");
        return output;
      },
      consumed: () => NO_CAPACITY,
      named: [400, 402, 403, 404, 408, 409],
      parseError,
      explain: (serviceCode, serviceMessage) => explain(operation, this.place, serviceCode, serviceMessage),
    };
    return this.#client.send(request);
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

const isNamed = (error: unknown, serviceCode: string): boolean =>
  error instanceof AwsRequestError && error.serviceCode === serviceCode;
