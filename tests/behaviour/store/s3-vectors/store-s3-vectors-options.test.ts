import { expect, test } from "vitest";
import { S3VectorIndex, type S3VectorIndexOptions } from "langgraph-checkpoint-dynamodb/s3-vectors";
import { createVectorIndex, VECTOR_KEYS, VECTORS } from "../../../lanes/savers/s3-vector-index.js";

/* Needs no server. */

const OPTIONS: S3VectorIndexOptions = { ...VECTORS, dims: 8, region: "us-east-1", credentials: VECTOR_KEYS };

test.each<[object, string]>([
  [{ vectorBucketName: undefined }, "vectorBucketName is missing. Pass { vectorBucketName:"],
  [{ vectorBucketName: "Agent_Vectors" }, 'vectorBucketName "Agent_Vectors" must have 3 to 63 small letters'],
  [{ indexName: "" }, "indexName is missing"],
  [{ indexName: "-memories" }, 'indexName "-memories" must have'],
  [{ dims: 4_097 }, "dims must be a whole number from 1 to 4096, not 4097"],
  [{ dims: undefined }, "dims must be a whole number from 1 to 4096, not undefined"],
  [{ vectorsPerItem: 0 }, "vectorsPerItem must be a whole number from 1 to 100, not 0"],
  [{ keyPrefix: 7 }, "keyPrefix must be a string"],
  [{ region: "us east" }, 'region "us east" is not an AWS region'],
  [{ endpoint: "http://example.com" }, "endpoint http://example.com must be https"],
  [{ credentials: {} }, "credentials: got no accessKeyId"],
  [{ maxAttempts: 0 }, "maxAttempts must be a whole number from 1 to 20"],
  [{ tableName: "checkpoints" }, 'There is no option "tableName". The options are vectorBucketName, indexName, dims'],
])("%j is refused by the constructor", (wrong, message) => {
  expect(() => new S3VectorIndex({ ...OPTIONS, ...wrong })).toThrow(
    expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringContaining(message) }),
  );
});

test.each([
  ["us-east-1", "https://s3vectors.us-east-1.api.aws/QueryVectors"],
  ["cn-north-1", "https://s3vectors.cn-north-1.api.amazonwebservices.com.cn/QueryVectors"],
  ["eusc-de-east-1", "https://s3vectors.eusc-de-east-1.api.amazonwebservices.eu/QueryVectors"],
])("requests of %s go to its own endpoint", async (region, url) => {
  const urls: string[] = [];
  const { vectorIndex } = createVectorIndex({
    region,
    fetch: async (to) => {
      urls.push(to);
      return Response.json({ vectors: [] });
    },
  });
  await vectorIndex.search([], new Float32Array(8).fill(1), 1);
  expect(urls).toEqual([url]);
});

test("fromEnv takes region, credentials and endpoint from what it is given, and options before those", async () => {
  const urls: string[] = [];
  const env = {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "KEY1",
    AWS_SECRET_ACCESS_KEY: "topSecretValue",
    AWS_SESSION_TOKEN: "topSecretToken",
    AWS_ENDPOINT_URL: "https://all.example",
    AWS_ENDPOINT_URL_S3VECTORS: "https://vectors.example/below",
    AWS_ENDPOINT_URL_DYNAMODB: "not one of its own",
  };
  const fetch: S3VectorIndexOptions["fetch"] = async (url, { headers }) => {
    urls.push(`${url} ${/\/\d{8}\/(.*?),/.exec(new Headers(headers).get("authorization")!)![1]}`);
    return Response.json({ vectors: [] });
  };
  const options = { ...VECTORS, dims: 1, fetch };
  for (const overrides of [{}, { endpoint: "https://given.example", region: "us-west-2" }])
    await S3VectorIndex.fromEnv(env, { ...options, ...overrides }).search([], Float32Array.of(1), 1);

  expect(urls).toEqual([
    "https://vectors.example/below/QueryVectors eu-west-1/s3vectors/aws4_request",
    "https://given.example/QueryVectors us-west-2/s3vectors/aws4_request",
  ]);
});

test("fromEnv refuses what is no environment", () => {
  expect(() => S3VectorIndex.fromEnv("AWS_REGION" as never, OPTIONS)).toThrow(
    expect.objectContaining({ code: "INVALID_CONFIG", message: expect.stringContaining("It got a string") }),
  );
});

test("the index shows no credentials", () => {
  const { vectorIndex } = createVectorIndex();
  expect(JSON.stringify(vectorIndex)).toBe("{}");
});
