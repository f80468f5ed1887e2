import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as sdk from "@aws-sdk/client-s3vectors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { S3VectorIndex } from "langgraph-checkpoint-dynamodb/s3-vectors";
import { VECTOR_KEYS, VECTORS } from "./lanes/savers/s3-vector-index.js";
import { listen, type Listening } from "./lanes/servers/listen.js";
import { S3VectorsServer } from "./lanes/servers/s3-vectors.js";
import { model, type Model, type Shape } from "./lanes/servers/s3-vectors-model.js";

/*
 * That the server which stands in for Amazon S3 Vectors is right: it goes by the SDK's model, and the SDK itself works
 * with it. Needs no server.
 */

/** Schemas of the SDK: a number for a simple type, 64 and 128 more for a list and a map of it, or an array. */
type Schema = number | (() => Schema) | [kind: number, namespace: string, name: string, ...rest: unknown[]];

const SIMPLE: Record<number, Shape> = { 0: "string", 1: "number", 2: "boolean", 4: "timestamp", 15: "document" };

function shapeOf(schema: Schema): Shape {
  if (typeof schema === "function") return shapeOf(schema());
  if (typeof schema === "number") {
    const simple = SIMPLE[schema & 63];
    if (!simple) throw new Error(`The schema ${schema} is new.`);
    return schema & 64 ? { list: simple } : schema & 128 ? { map: simple } : simple;
  }
  const [kind, , , , ...rest] = schema;
  if (kind === 1) return { list: shapeOf(rest[0] as Schema) };
  const [names, schemas, required = 0] = rest as [string[], Schema[], number?];
  const members = Object.fromEntries(names.map((name, i) => [name, shapeOf(schemas[i]!)]));
  if (kind === 4) return { union: members };
  if (kind === 3) return { structure: members, required: names.slice(0, required) };
  throw new Error(`The kind ${kind} of schema is new.`);
}

/** What the SDK says of the operations that the server has. */
function modelOfSdk(): Model {
  const exported = sdk as unknown as Record<string, Schema>;
  const operations = Object.keys(model.operations).map((name) => {
    const [, , , traits, input, output] = exported[`${name}$`] as unknown as [
      number,
      string,
      string,
      { http: [string, string, number] },
      Schema,
      Schema,
    ];
    const [method, path, status] = traits.http;
    return [name, { method, path, status, input: shapeOf(input), output: shapeOf(output) }] as const;
  });
  const errors = Object.entries(exported)
    .filter(([name]) => name.endsWith("Exception$") && name !== "S3VectorsServiceException$")
    .map(([name, schema]) => {
      const { httpError = 400 } = (schema as unknown[])[3] as { httpError?: number };
      return [name.slice(0, -1), httpError] as const;
    });
  const enums = {
    dataType: Object.values(sdk.DataType),
    distanceMetric: Object.values(sdk.DistanceMetric),
    sseType: Object.values(sdk.SseType),
  };
  return { operations: Object.fromEntries(operations), errors: Object.fromEntries(errors), enums };
}

test("the server's model is that of the AWS SDK", () => {
  expect(model).toEqual(modelOfSdk());
});

const served = new S3VectorsServer(VECTOR_KEYS);
let http: Listening;
let client: sdk.S3VectorsClient;

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const answer = await served.respond({
    method: request.method!,
    url: `http://${request.headers.host}${request.url}`,
    headers: new Headers(headers),
    body: new Uint8Array(Buffer.concat(chunks)),
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

beforeAll(async () => {
  http = await listen(createServer((request, response) => void serve(request, response)));
  client = new sdk.S3VectorsClient({ endpoint: http.url, region: "us-east-1", credentials: VECTOR_KEYS });
});

afterAll(async () => {
  client?.destroy();
  await http?.stop();
});

describe("the AWS SDK's own client", () => {
  const place = { vectorBucketName: "of-the-sdk", indexName: "index" };

  test("makes a bucket and an index on the server, and reads what it made", async () => {
    await expect(client.send(new sdk.GetIndexCommand(place))).rejects.toBeInstanceOf(sdk.NotFoundException);
    const settings = {
      ...place,
      dataType: "float32",
      dimension: 2,
      distanceMetric: "cosine",
      metadataConfiguration: { nonFilterableMetadataKeys: ["text"] },
    } satisfies sdk.CreateIndexCommandInput;
    await expect(client.send(new sdk.CreateIndexCommand(settings))).rejects.toBeInstanceOf(sdk.NotFoundException);
    await client.send(new sdk.CreateVectorBucketCommand(place));
    await expect(client.send(new sdk.CreateVectorBucketCommand(place))).rejects.toBeInstanceOf(sdk.ConflictException);
    await client.send(new sdk.CreateIndexCommand(settings));
    await expect(client.send(new sdk.CreateIndexCommand(settings))).rejects.toBeInstanceOf(sdk.ConflictException);

    const { index } = await client.send(new sdk.GetIndexCommand(place));
    expect(index).toMatchObject(settings);
    expect(index!.creationTime).toBeInstanceOf(Date);
  });

  test("puts, gets, queries by filter and in pages, and deletes vectors there", async () => {
    const vectors = Array.from({ length: 7 }, (_, i) => ({
      key: `v${i}`,
      data: { float32: [1, i / 7] },
      metadata: { tags: i % 2 ? ["odd", "all"] : ["all"], text: "x".repeat(3_000) },
    }));
    await client.send(new sdk.PutVectorsCommand({ ...place, vectors }));
    const { vectors: got } = await client.send(
      new sdk.GetVectorsCommand({ ...place, keys: ["v3", "none"], returnData: true, returnMetadata: true }),
    );
    expect(got).toEqual([{ ...vectors[3], data: { float32: [1, Math.fround(3 / 7)] } }]);

    served.pageSize = 2;
    const query = { ...place, topK: 5, queryVector: { float32: [1, 0] }, returnDistance: true };
    const found: sdk.QueryOutputVector[] = [];
    // The SDK writes its token into what it is given.
    for await (const page of sdk.paginateQueryVectors({ client }, { ...query })) found.push(...page.vectors!);
    expect(found.map(({ key }) => key)).toEqual(["v0", "v1", "v2", "v3", "v4"]);
    expect(found.map(({ distance }) => distance)).toEqual(
      [0, 1, 2, 3, 4].map((i) => expect.closeTo(1 - 1 / Math.hypot(1, i / 7), 6)),
    );
    const odd = await client.send(new sdk.QueryVectorsCommand({ ...query, filter: { tags: { $eq: "odd" } } }));
    expect(odd.vectors!.map(({ key }) => key)).toEqual(["v1", "v3"]);

    await client.send(new sdk.DeleteVectorsCommand({ ...place, keys: ["v0", "none"] }));
    expect(served.vectors("of-the-sdk", "index").map(({ key }) => key)).not.toContain("v0");
  });

  test.each<[string, object]>([
    ["a zero vector", { key: "v", data: { float32: [0, 0] } }],
    ["a vector of another dimension", { key: "v", data: { float32: [1] } }],
    ["too much metadata to filter by", { key: "v", data: { float32: [1, 1] }, metadata: { a: "x".repeat(2_048) } }],
    ["too much metadata", { key: "v", data: { float32: [1, 1] }, metadata: { text: "x".repeat(41_000) } }],
    ["a key that is too long", { key: "v".repeat(1_025), data: { float32: [1, 1] } }],
  ])("gets its ValidationException for %s", async (_, vector) => {
    const command = new sdk.PutVectorsCommand({ ...place, vectors: [vector as sdk.PutInputVector] });
    await expect(client.send(command)).rejects.toBeInstanceOf(sdk.ValidationException);
  });

  test("is refused with another secret, as any client that signs wrongly", async () => {
    const stranger = new sdk.S3VectorsClient({
      endpoint: http.url,
      region: "us-east-1",
      credentials: { ...VECTOR_KEYS, secretAccessKey: "another" },
    });
    await expect(stranger.send(new sdk.GetIndexCommand(place))).rejects.toMatchObject({
      name: "InvalidSignatureException",
    });
    stranger.destroy();
  });
});

test("what S3VectorIndex has put over HTTP, the AWS SDK reads number by number", async () => {
  const { vectorBucketName, indexName } = VECTORS;
  const vectorIndex = new S3VectorIndex({
    ...VECTORS,
    dims: 3,
    region: "us-east-1",
    endpoint: http.url,
    credentials: VECTOR_KEYS,
  });
  expect(await vectorIndex.setup()).toEqual({
    vectorBucket: { name: vectorBucketName, status: "created" },
    index: { name: indexName, status: "created" },
  });
  const vector = Float32Array.from([Math.PI, -1e-30, 1 / 3]);
  await vectorIndex.put(["users", "ada"], "1", [vector]);

  const keys = served.vectors(vectorBucketName, indexName).map(({ key }) => key);
  const { vectors } = await client.send(
    new sdk.GetVectorsCommand({ ...VECTORS, keys, returnData: true, returnMetadata: true }),
  );
  expect(vectors).toEqual([
    {
      key: expect.stringMatching(/^[\w-]{43}\.0$/),
      data: { float32: [...vector] },
      metadata: {
        prefixes: [1, 2, 3].map(() => expect.stringMatching(/^[\w-]{12}$/)),
        item: JSON.stringify([["users", "ada"], "1"]),
      },
    },
  ]);
  expect(await vectorIndex.search(["users"], vector, 5)).toEqual([
    { namespace: ["users", "ada"], key: "1", score: expect.closeTo(1, 6) },
  ]);
});
