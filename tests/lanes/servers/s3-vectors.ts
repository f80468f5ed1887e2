import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { model, problemOf } from "./s3-vectors-model.js";
import { signatureProblem, type Keys, type SignedRequest } from "./signature.js";

/*
 * Amazon S3 Vectors, as strict as the SDK's model and AWS's page "Limitations and restrictions". Behind a `fetch` or a
 * real HTTP server. It compares all vectors there are, where AWS's search is approximate.
 */

export interface StoredVector {
  key: string;
  data: Float32Array;
  metadata: Record<string, unknown>;
}

interface Index {
  dimension: number;
  distanceMetric: string;
  dataType: string;
  nonFilterable: string[];
  vectors: Map<string, StoredVector>;
  createdAt: number;
}

type Input = Record<string, any>;

class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const invalid = (message: string): Refusal => new Refusal("ValidationException", message);
const json = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

export class S3VectorsServer {
  /** Of each request that was well signed: what it asked for. */
  readonly requests: { operation: string; input: Input }[] = [];
  readonly #buckets = new Map<string, Map<string, Index>>();
  /** Which actions the caller's policy does not allow. */
  readonly denied = new Set<string>();
  /** How many results of a query are in a page. AWS does not say. */
  pageSize = 100;

  constructor(
    readonly keys: Keys,
    readonly region = "us-east-1",
  ) {}

  readonly fetch: Fetch = async (url, init) => {
    const body = new Uint8Array(await new Response(init.body).arrayBuffer());
    return this.respond({ method: init.method ?? "GET", url, headers: new Headers(init.headers), body });
  };

  /** The vectors of an index, in the order in which their keys came. */
  vectors(vectorBucketName: string, indexName: string): StoredVector[] {
    return [...(this.#buckets.get(vectorBucketName)?.get(indexName)?.vectors.values() ?? [])];
  }

  async respond(request: SignedRequest): Promise<Response> {
    const { method, url, headers, body } = request;
    try {
      const refused = await signatureProblem(request, this.keys, { service: "s3vectors", region: this.region });
      if (refused) throw new Refusal(refused, `About ${this.keys.sessionToken}`);
      const name = new URL(url).pathname.slice(1);
      const operation = model.operations[name];
      if (!operation || method !== operation.method) throw new Refusal("UnknownOperationException", "No such path.");
      if (headers.get("content-type") !== "application/json") throw invalid("content-type is not application/json");
      if (body.length > 20 * 1_048_576) throw invalid("The request is over 20 MiB.");
      const input = JSON.parse(new TextDecoder().decode(body)) as Input;
      const problem = problemOf(operation.input, input);
      if (problem) throw invalid(problem);
      this.requests.push({ operation: name, input });
      const output = this.#call(name, input);
      const wrong = problemOf(operation.output, output, "output");
      if (wrong) throw new Error(wrong);
      return this.#answer(operation.status, output);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.#answer(model.errors[error.code] ?? 403, { message: error.message }, error.code);
    }
  }

  #answer(status: number, body: object, error?: string): Response {
    const headers = {
      "content-type": "application/json",
      "x-amzn-requestid": crypto.randomUUID(),
      ...(error && { "x-amzn-errortype": error }),
    };
    return new Response(JSON.stringify(body), { status, headers });
  }

  #call(name: string, input: Input): object {
    this.#allow(name);
    switch (name) {
      case "CreateVectorBucket":
        return this.#createVectorBucket(input);
      case "CreateIndex":
        return this.#createIndex(input);
      case "GetIndex":
        return this.#getIndex(input);
      case "PutVectors":
        return putVectors(this.#index(input), input);
      case "GetVectors":
        return getVectors(this.#index(input), input);
      case "DeleteVectors":
        return deleteVectors(this.#index(input), input);
      default:
        // "You must have both s3vectors:QueryVectors and s3vectors:GetVectors permissions."
        if (input.filter !== undefined || input.returnMetadata) this.#allow("GetVectors");
        return queryVectors(this.#index(input), input, this.pageSize);
    }
  }

  #allow(action: string): void {
    if (this.denied.has(action)) throw new Refusal("AccessDeniedException", `Not authorized: s3vectors:${action}`);
  }

  #arn(bucket: string, index?: string): string {
    return `arn:aws:s3vectors:${this.region}:123456789012:bucket/${bucket}${index === undefined ? "" : `/index/${index}`}`;
  }

  #createVectorBucket({ vectorBucketName }: Input): object {
    checkName(vectorBucketName);
    if (this.#buckets.has(vectorBucketName)) throw new Refusal("ConflictException", "The bucket exists.");
    this.#buckets.set(vectorBucketName, new Map());
    return { vectorBucketArn: this.#arn(vectorBucketName) };
  }

  #createIndex({ vectorBucketName, indexName, dimension, ...rest }: Input): object {
    checkName(indexName);
    const bucket = this.#buckets.get(vectorBucketName);
    if (!bucket) throw new Refusal("NotFoundException", "There is no such bucket.");
    if (bucket.has(indexName)) throw new Refusal("ConflictException", "The index exists.");
    if (!(Number.isInteger(dimension) && dimension >= 1 && dimension <= 4_096)) throw invalid("dimension");
    const nonFilterable: string[] = rest.metadataConfiguration?.nonFilterableMetadataKeys ?? [];
    if (nonFilterable.length > 10 || nonFilterable.some((key) => key.length < 1 || key.length > 63))
      throw invalid("nonFilterableMetadataKeys");
    bucket.set(indexName, {
      dimension,
      distanceMetric: rest.distanceMetric,
      dataType: rest.dataType,
      nonFilterable,
      vectors: new Map(),
      createdAt: Math.floor(Date.now() / 1_000),
    });
    return { indexArn: this.#arn(vectorBucketName, indexName) };
  }

  #getIndex(input: Input): object {
    const { dimension, distanceMetric, dataType, nonFilterable, createdAt } = this.#index(input);
    const { vectorBucketName, indexName } = input;
    const index = {
      vectorBucketName,
      indexName,
      indexArn: this.#arn(vectorBucketName, indexName),
      creationTime: createdAt,
      dataType,
      dimension,
      distanceMetric,
      ...(nonFilterable.length > 0 && { metadataConfiguration: { nonFilterableMetadataKeys: nonFilterable } }),
    };
    return { index };
  }

  #index({ vectorBucketName, indexName }: Input): Index {
    const index = this.#buckets.get(vectorBucketName)?.get(indexName);
    if (!index) throw new Refusal("NotFoundException", "The specified index could not be found");
    return index;
  }
}

function checkName(name: string): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) throw invalid(`The name ${name}`);
}

function checkKeys(keys: string[], most: number): void {
  if (keys.length < 1 || keys.length > most) throw invalid(`${keys.length} vectors`);
  if (new Set(keys).size < keys.length) throw invalid("A key is there twice.");
  if (keys.some((key) => key.length < 1 || key.length > 1_024)) throw invalid("A key is too long.");
}

function checkVector({ dimension, distanceMetric }: Index, float32: number[]): Float32Array {
  const data = Float32Array.from(float32);
  if (data.length !== dimension) throw invalid(`The vector has ${data.length} numbers, not ${dimension}`);
  if (!data.every(Number.isFinite)) throw invalid("The vector has numbers that are no Float32");
  if (distanceMetric === "cosine" && data.every((number) => number === 0)) throw invalid("The vector is all zeros");
  return data;
}

function putVectors(index: Index, { vectors }: Input): object {
  checkKeys(
    vectors.map(({ key }: StoredVector) => key),
    500,
  );
  const checked = vectors.map(({ key, data, metadata = {} }: Input): StoredVector => {
    checkMetadata(index, key, metadata);
    return { key, data: checkVector(index, data.float32), metadata };
  });
  for (const vector of checked) index.vectors.set(vector.key, vector);
  return {};
}

/** Sizes as JSON, which is not less than AWS can count. */
function checkMetadata({ nonFilterable }: Index, key: string, metadata: unknown): void {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) throw invalid("metadata");
  const entries = Object.entries(metadata as Input);
  const isPlain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);
  const filterable = entries.filter(([name]) => !nonFilterable.includes(name));
  if (filterable.some(([, value]) => !(isPlain(value) || (Array.isArray(value) && value.every(isPlain)))))
    throw invalid("metadata is of another type");
  if (entries.length > 50) throw invalid("metadata has over 50 keys");
  if (json(Object.fromEntries(filterable)) > 2_048)
    throw invalid(`Invalid record for key '${key}': Filterable metadata must have at most 2048 bytes`);
  if (json(metadata) > 40 * 1_024)
    throw invalid(`Invalid record for key '${key}': Total metadata must have at most 40960 bytes`);
}

function getVectors({ vectors }: Index, { keys, returnData, returnMetadata }: Input): object {
  checkKeys(keys, 100);
  const found = (keys as string[]).flatMap((key) => vectors.get(key) ?? []);
  return {
    vectors: found.map(({ key, data, metadata }) => ({
      key,
      ...(returnData && { data: { float32: [...data] } }),
      ...(returnMetadata && { metadata }),
    })),
  };
}

/** "Deletes one or more vectors": of those that are not there it says nothing. */
function deleteVectors({ vectors }: Index, { keys }: Input): object {
  checkKeys(keys, 500);
  for (const key of keys as string[]) vectors.delete(key);
  return {};
}

function queryVectors(index: Index, input: Input, pageSize: number): object {
  const { topK, queryVector, filter, returnMetadata, returnDistance, nextToken } = input;
  if (!(Number.isInteger(topK) && topK >= 1 && topK <= 10_000)) throw invalid("topK must be from 1 to 10000");
  const query = checkVector(index, queryVector.float32);
  const found = [...index.vectors.values()]
    .filter(({ metadata }) => filter === undefined || passes(index, filter, metadata))
    .map(({ key, data, metadata }) => ({ key, metadata, distance: distanceOf(index, query, data) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, topK);
  // "Continue with the same queryVector, topK, and filter."
  const session = JSON.stringify([topK, queryVector, filter]);
  const from = nextToken === undefined ? 0 : tokenOf(nextToken, session);
  const page = found.slice(from, from + pageSize);
  const next = from + pageSize;
  return {
    vectors: page.map(({ key, metadata, distance }) => ({
      key,
      ...(returnDistance && { distance }),
      ...(returnMetadata && { metadata }),
    })),
    distanceMetric: index.distanceMetric,
    ...(next < found.length && { nextToken: JSON.stringify([next, session]) }),
  };
}

function tokenOf(token: string, session: string): number {
  const [from, of] = JSON.parse(token) as [number, string];
  if (of !== session) throw invalid("nextToken is of another query");
  return from;
}

function distanceOf({ distanceMetric }: Index, a: Float32Array, b: Float32Array): number {
  if (distanceMetric !== "cosine") return Math.hypot(...a.map((number, i) => number - b[i]!));
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, number, i) => sum + number * y[i]!, 0);
  return 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/**
 * "Metadata filtering": `$eq`, said or not, and `$and`. Where the metadata is a list, one of it has to be equal. It
 * refuses the other operators, which nobody asks it for.
 */
function passes(index: Index, filter: unknown, metadata: Input): boolean {
  if (typeof filter !== "object" || filter === null || Array.isArray(filter)) throw invalid("filter is not an object");
  const entries = Object.entries(filter as Input);
  if (entries.length === 0) throw invalid("filter is empty");
  return entries.every(([name, condition]) => {
    if (name === "$and") return (condition as unknown[]).every((one) => passes(index, one, metadata));
    if (name.startsWith("$")) throw invalid(`The operator ${name} is not in this server.`);
    if (index.nonFilterable.includes(name)) throw invalid(`${name} cannot be filtered by.`);
    const isOperator = typeof condition === "object" && condition !== null;
    if (isOperator && Object.keys(condition as Input).join() !== "$eq") throw invalid("Only $eq is in this server.");
    const wanted: unknown = isOperator ? (condition as Input).$eq : condition;
    if (!["string", "number", "boolean"].includes(typeof wanted)) throw invalid("$eq takes no such value.");
    const value: unknown = metadata[name];
    return Array.isArray(value) ? value.includes(wanted) : value === wanted;
  });
}
