/*
 * As much of Amazon S3 Vectors as its tests speak, in the words of the AWS SDK's model: tests/s3-vectors-sdk.test.ts
 * derives the same from `@aws-sdk/client-s3vectors`, and compares. It stands here as data because the package runs in
 * Node alone as it is published, and the server that goes by it in every runtime.
 */

export type Shape =
  | "string"
  | "number"
  | "boolean"
  | "timestamp"
  | "document"
  | { list: Shape }
  | { map: Shape }
  | { structure: Record<string, Shape>; required: string[] }
  | { union: Record<string, Shape> };

export interface Model {
  /** By their names, with their paths. */
  operations: Record<string, { method: string; path: string; status: number; input: Shape; output: Shape }>;
  /** By their names, with their status. */
  errors: Record<string, number>;
  /** Texts that a member may be. */
  enums: Record<string, string[]>;
}

const target = { vectorBucketName: "string", indexName: "string", indexArn: "string" } as const;
const bucket = { vectorBucketName: "string", vectorBucketArn: "string" } as const;
const data: Shape = { union: { float32: { list: "number" } } };
const encryption: Shape = { structure: { sseType: "string", kmsKeyArn: "string" }, required: [] };
const metadataConfiguration: Shape = {
  structure: { nonFilterableMetadataKeys: { list: "string" } },
  required: ["nonFilterableMetadataKeys"],
};
const nothing: Shape = { structure: {}, required: [] };
const post = (name: string, input: Shape, output: Shape): Model["operations"][string] => ({
  method: "POST",
  path: `/${name}`,
  status: 200,
  input,
  output,
});

export const model: Model = {
  operations: {
    CreateIndex: post(
      "CreateIndex",
      {
        structure: {
          indexName: "string",
          dataType: "string",
          dimension: "number",
          distanceMetric: "string",
          ...bucket,
          metadataConfiguration,
          encryptionConfiguration: encryption,
          tags: { map: "string" },
        },
        required: ["indexName", "dataType", "dimension", "distanceMetric"],
      },
      { structure: { indexArn: "string" }, required: ["indexArn"] },
    ),
    CreateVectorBucket: post(
      "CreateVectorBucket",
      {
        structure: { vectorBucketName: "string", encryptionConfiguration: encryption, tags: { map: "string" } },
        required: ["vectorBucketName"],
      },
      { structure: { vectorBucketArn: "string" }, required: ["vectorBucketArn"] },
    ),
    DeleteVectors: post(
      "DeleteVectors",
      { structure: { keys: { list: "string" }, ...target }, required: ["keys"] },
      nothing,
    ),
    GetIndex: post(
      "GetIndex",
      { structure: { ...target }, required: [] },
      {
        structure: {
          index: {
            structure: {
              ...target,
              creationTime: "timestamp",
              dataType: "string",
              dimension: "number",
              distanceMetric: "string",
              metadataConfiguration,
              encryptionConfiguration: encryption,
            },
            required: [
              "vectorBucketName",
              "indexName",
              "indexArn",
              "creationTime",
              "dataType",
              "dimension",
              "distanceMetric",
            ],
          },
        },
        required: ["index"],
      },
    ),
    GetVectors: post(
      "GetVectors",
      {
        structure: { keys: { list: "string" }, ...target, returnData: "boolean", returnMetadata: "boolean" },
        required: ["keys"],
      },
      {
        structure: {
          vectors: { list: { structure: { key: "string", data, metadata: "document" }, required: ["key"] } },
        },
        required: ["vectors"],
      },
    ),
    PutVectors: post(
      "PutVectors",
      {
        structure: {
          vectors: { list: { structure: { key: "string", data, metadata: "document" }, required: ["key", "data"] } },
          ...target,
        },
        required: ["vectors"],
      },
      nothing,
    ),
    QueryVectors: post(
      "QueryVectors",
      {
        structure: {
          topK: "number",
          queryVector: data,
          ...target,
          filter: "document",
          returnMetadata: "boolean",
          returnDistance: "boolean",
          nextToken: "string",
        },
        required: ["topK", "queryVector"],
      },
      {
        structure: {
          vectors: {
            list: { structure: { key: "string", distance: "number", metadata: "document" }, required: ["key"] },
          },
          distanceMetric: "string",
          nextToken: "string",
        },
        required: ["vectors", "distanceMetric"],
      },
    ),
  },
  errors: {
    AccessDeniedException: 403,
    ConflictException: 409,
    InternalServerException: 500,
    KmsDisabledException: 400,
    KmsInvalidKeyUsageException: 400,
    KmsInvalidStateException: 400,
    KmsNotFoundException: 400,
    NotFoundException: 404,
    RequestTimeoutException: 408,
    ServiceQuotaExceededException: 402,
    ServiceUnavailableException: 503,
    TooManyRequestsException: 429,
    ValidationException: 400,
  },
  enums: { dataType: ["float32"], distanceMetric: ["cosine", "euclidean"], sseType: ["AES256", "aws:kms"] },
};

/** What is wrong with a value by its shape; `undefined` where nothing is. */
export function problemOf(shape: Shape, value: unknown, path = "input"): string | undefined {
  if (shape === "document") return value === undefined ? `${path} is missing` : undefined;
  if (shape === "timestamp" || shape === "number")
    return typeof value === "number" && Number.isFinite(value) ? undefined : `${path} is not a number`;
  if (typeof shape === "string") return typeof value === shape ? undefined : `${path} is not a ${shape}`;
  if ("list" in shape) {
    if (!Array.isArray(value)) return `${path} is not a list`;
    return first(value.map((one, i) => problemOf(shape.list, one, `${path}[${i}]`)));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${path} is not an object`;
  const entries = Object.entries(value as Record<string, unknown>);
  if ("map" in shape) return first(entries.map(([name, one]) => problemOf(shape.map, one, `${path}.${name}`)));
  const members = "union" in shape ? shape.union : shape.structure;
  if ("union" in shape && entries.length !== 1) return `${path} has not one member`;
  const missing = "required" in shape ? shape.required.filter((name) => !(name in value)) : [];
  if (missing.length > 0) return `${path} has no ${missing.join()}`;
  return first(
    entries.map(([name, one]) => {
      const member = Object.hasOwn(members, name) ? members[name] : undefined;
      if (!member) return `${path} has no member ${name}`;
      const allowed = model.enums[name];
      if (allowed && !allowed.includes(one as string)) return `${path}.${name} is none of ${allowed.join()}`;
      return problemOf(member, one, `${path}.${name}`);
    }),
  );
}

const first = (problems: (string | undefined)[]): string | undefined =>
  problems.find((problem) => problem !== undefined);
