import type { Fetch } from "langgraph-checkpoint-dynamodb";
import {
  invalid,
  Refusal,
  ServedIndex,
  type KeysInput,
  type PutInput,
  type QueryInput,
  type StoredVector,
} from "./s3-vectors-index.js";
import { model, problemOf } from "./s3-vectors-model.js";
import { signatureProblem, type Keys, type SignedRequest } from "./signature.js";

interface Names {
  vectorBucketName: string;
  indexName: string;
}

interface CreateIndexInput extends Names {
  dimension: number;
  distanceMetric: string;
  dataType: string;
  metadataConfiguration?: { nonFilterableMetadataKeys: string[] };
}

type Input = Names & CreateIndexInput & PutInput & KeysInput & QueryInput;

/**
 * Amazon S3 Vectors, as strict as the SDK's model and AWS's page "Limitations and restrictions". Behind a `fetch` or a
 * real HTTP server.
 */
export class S3VectorsServer {
  /** Each request that was well signed and formed: what it asked for. */
  readonly requests: { operation: string; input: Input }[] = [];
  /** Actions that the caller's policy does not allow. */
  readonly denied = new Set<string>();
  /** How many results of a query are in a page. AWS does not say. */
  pageSize = 100;
  readonly #buckets = new Map<string, Map<string, ServedIndex>>();

  constructor(
    readonly keys: Keys,
    readonly region = "us-east-1",
  ) {}

  readonly fetch: Fetch = async (url, { method = "GET", headers, body }) => {
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    return this.respond({ method, url, headers: new Headers(headers), body: bytes });
  };

  /** The vectors of an index, in the order in which their keys came. */
  vectors(vectorBucketName: string, indexName: string): StoredVector[] {
    return [...(this.#buckets.get(vectorBucketName)?.get(indexName)?.vectors.values() ?? [])];
  }

  /** The operations of all requests since the last time. */
  takeOperations(): string[] {
    return this.requests.splice(0).map(({ operation }) => operation);
  }

  async respond(request: SignedRequest): Promise<Response> {
    try {
      const { status, output } = await this.#answerTo(request);
      return answerOf(status, output);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return answerOf(model.errors[error.code] ?? 403, { message: error.message }, error.code);
    }
  }

  async #answerTo(request: SignedRequest): Promise<{ status: number; output: object }> {
    const { method, url, headers, body } = request;
    const refused = await signatureProblem(request, this.keys, { service: "s3vectors", region: this.region });
    if (refused) throw new Refusal(refused, `About ${this.keys.sessionToken}`);
    const name = new URL(url).pathname.slice(1);
    const operation = Object.values(model.operations).find((one) => one.path === `/${name}` && one.method === method);
    if (!operation) throw new Refusal("UnknownOperationException", "No such path.");
    if (headers.get("content-type") !== "application/json") throw invalid("content-type is not application/json");
    if (body.length > 20 * 1_048_576) throw invalid("The request is over 20 MiB.");
    const input = JSON.parse(new TextDecoder().decode(body)) as Input;
    const problem = problemOf(operation.input, input);
    if (problem) throw invalid(problem);
    this.requests.push({ operation: name, input });
    const output = this.#call(name, input);
    const wrong = problemOf(operation.output, output, "output");
    if (wrong) throw new Error(wrong);
    return { status: operation.status, output };
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
        return this.#index(input).put(input);
      case "GetVectors":
        return this.#index(input).get(input);
      case "DeleteVectors":
        return this.#index(input).delete(input);
      default:
        // "You must have both s3vectors:QueryVectors and s3vectors:GetVectors permissions."
        if (input.filter !== undefined || input.returnMetadata) this.#allow("GetVectors");
        return this.#index(input).query(input, this.pageSize);
    }
  }

  #allow(action: string): void {
    if (this.denied.has(action)) throw new Refusal("AccessDeniedException", `Not authorized: s3vectors:${action}`);
  }

  #arn(bucket: string, index = ""): string {
    return `arn:aws:s3vectors:${this.region}:123456789012:bucket/${bucket}${index && `/index/${index}`}`;
  }

  #createVectorBucket({ vectorBucketName }: Names): object {
    checkName(vectorBucketName);
    if (this.#buckets.has(vectorBucketName)) throw new Refusal("ConflictException", "The bucket exists.");
    this.#buckets.set(vectorBucketName, new Map());
    return { vectorBucketArn: this.#arn(vectorBucketName) };
  }

  #createIndex({ vectorBucketName, indexName, metadataConfiguration, ...settings }: CreateIndexInput): object {
    checkName(indexName);
    const bucket = this.#buckets.get(vectorBucketName);
    if (!bucket) throw new Refusal("NotFoundException", "The specified vector bucket could not be found");
    if (bucket.has(indexName)) throw new Refusal("ConflictException", "The index exists.");
    const nonFilterable = metadataConfiguration?.nonFilterableMetadataKeys ?? [];
    bucket.set(indexName, new ServedIndex({ ...settings, nonFilterable }));
    return { indexArn: this.#arn(vectorBucketName, indexName) };
  }

  #getIndex({ vectorBucketName, indexName }: Names): object {
    const { settings, createdAt } = this.#index({ vectorBucketName, indexName });
    const { nonFilterable, dataType, dimension, distanceMetric } = settings;
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

  #index({ vectorBucketName, indexName }: Names): ServedIndex {
    const index = this.#buckets.get(vectorBucketName)?.get(indexName);
    if (!index) throw new Refusal("NotFoundException", "The specified index could not be found");
    return index;
  }
}

function answerOf(status: number, body: object, error?: string): Response {
  const headers = {
    "content-type": "application/json",
    "x-amzn-requestid": crypto.randomUUID(),
    ...(error && { "x-amzn-errortype": error }),
  };
  return new Response(JSON.stringify(body), { status, headers });
}

function checkName(name: string): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) throw invalid(`The name ${name}`);
}
