import { describe, expect, test } from "vitest";
import type { Fetch } from "langgraph-checkpoint-dynamodb";
import {
  createVectorIndex,
  found,
  openVectorIndex,
  storedVectors,
  vector,
  VECTOR_KEYS,
  X,
  Y,
} from "../../../lanes/savers/s3-vector-index.js";
import { S3VectorsServer } from "../../../lanes/servers/s3-vectors.js";

/* Needs no server. */

/** The end of each key: its number among the vectors of its item. */
const keysOn = (server: S3VectorsServer): string[] => storedVectors(server).map(({ key }) => key.split(".")[1]!);
const pathOf = (url: string): string => new URL(url).pathname.slice(1);

describe("setup", () => {
  test("creates the bucket and the index, and then finds them with one request", async () => {
    const { vectorIndex, server } = createVectorIndex();
    const [bucket, index] = [{ name: "agent-vectors" }, { name: "memories" }];

    expect(await vectorIndex.setup()).toEqual({
      vectorBucket: { ...bucket, status: "created" },
      index: { ...index, status: "created" },
    });
    expect(server.takeOperations()).toEqual(["GetIndex", "CreateIndex", "CreateVectorBucket", "CreateIndex"]);
    expect(await vectorIndex.setup()).toEqual({
      vectorBucket: { ...bucket, status: "existed" },
      index: { ...index, status: "existed" },
    });
    expect(server.takeOperations()).toEqual(["GetIndex"]);
  });

  test("in a bucket that is there needs no permission to create one", async () => {
    const { server } = await openVectorIndex();
    server.denied.add("CreateVectorBucket");

    expect(await createVectorIndex({ indexName: "another" }, server).vectorIndex.setup()).toMatchObject({
      vectorBucket: { status: "existed" },
      index: { status: "created" },
    });
  });

  test("by two at once, and with an answer that was lost, ends well for all", async () => {
    const server = new S3VectorsServer(VECTOR_KEYS);
    const lost = new Set(["CreateIndex", "CreateVectorBucket", "GetIndex"]);
    const losing: Fetch = async (url, init) => {
      const answer = await server.fetch(url, init);
      if (answer.ok && lost.delete(pathOf(url))) throw new TypeError("The connection was lost.");
      return answer;
    };
    const results = await Promise.all(
      [losing, server.fetch].map((fetch) => createVectorIndex({ fetch }, server).vectorIndex.setup()),
    );

    expect(results.map(({ index }) => index.name)).toEqual(["memories", "memories"]);
    expect(await createVectorIndex({}, server).vectorIndex.setup()).toMatchObject({ index: { status: "existed" } });
  });

  test("refuses an index that was made with other settings, and says which", async () => {
    const { server } = await openVectorIndex();
    await expect(createVectorIndex({ dims: 9 }, server).vectorIndex.setup()).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(/"memories" in the vector bucket "agent-vectors".*dimension is 8 and dims is 9/),
    });
  });
});

describe("an item", () => {
  test("is found by its best vector, once, with its cosine similarity", async () => {
    const { vectorIndex, server } = await openVectorIndex();
    await vectorIndex.put(["a"], "both", [vector(3, 4), X]);
    await vectorIndex.put(["a"], "one", [vector(3, 4)]);
    await vectorIndex.put(["a"], "opposite", [vector(-2)]);

    server.takeOperations();
    expect(await vectorIndex.search(["a"], vector(5), 10)).toEqual([
      { namespace: ["a"], key: "both", score: expect.closeTo(1, 6) },
      { namespace: ["a"], key: "one", score: expect.closeTo(0.6, 6) },
      { namespace: ["a"], key: "opposite", score: expect.closeTo(-1, 6) },
    ]);
    expect(server.takeOperations()).toEqual(["QueryVectors"]);
  });

  test("that is put again has none of its former vectors, and one that is deleted has none at all", async () => {
    const { vectorIndex, server } = await openVectorIndex();
    await vectorIndex.put(["a"], "1", [X, Y, vector(1, 1)]);
    expect(keysOn(server)).toEqual(["0", "1", "2"]);
    await vectorIndex.put(["a"], "1", [Y]);
    expect(keysOn(server)).toEqual(["0"]);
    expect(await vectorIndex.search(["a"], X, 1)).toMatchObject([{ score: expect.closeTo(0, 6) }]);
    await vectorIndex.put(["a"], "2", [X, Y]);

    await vectorIndex.delete(["a"], "1");
    await vectorIndex.delete(["a"], "was never there");
    expect(found(await vectorIndex.search([], Y, 10))).toEqual(["a/2"]);
  });

  test("takes two requests a put, one where it has all the vectors that it may have, and one a delete", async () => {
    const { vectorIndex, server } = await openVectorIndex();
    await vectorIndex.put(["a"], "1", [X]);
    expect(server.takeOperations().sort()).toEqual(["DeleteVectors", "PutVectors"]);
    await vectorIndex.delete(["a"], "1");
    expect(server.takeOperations()).toEqual(["DeleteVectors"]);

    const { vectorIndex: single } = createVectorIndex({ vectorsPerItem: 1 }, server);
    await single.put(["a"], "1", [X]);
    expect(server.takeOperations()).toEqual(["PutVectors"]);
  });

  test("is as it was when the call was made", async () => {
    const { vectorIndex } = await openVectorIndex();
    const [namespace, given, query] = [["a"], X.slice(), X.slice()];
    const put = vectorIndex.put(namespace, "1", [given]);
    namespace[0] = "b";
    given.fill(7);
    await put;
    const search = vectorIndex.search(["a"], query, 1);
    query.fill(7);

    expect(await search).toEqual([{ namespace: ["a"], key: "1", score: expect.closeTo(1, 6) }]);
  });

  test("with a vector of zeros is stored without it, and nothing is like such a query", async () => {
    const { vectorIndex, server } = await openVectorIndex();
    await vectorIndex.put(["a"], "1", [X]);
    await vectorIndex.put(["a"], "1", [vector(), Y]);
    expect(keysOn(server)).toEqual(["0"]);
    expect(await vectorIndex.search(["a"], vector(), 10)).toEqual([]);
    await vectorIndex.put(["a"], "1", [vector()]);
    expect(keysOn(server)).toEqual([]);
  });

  test.each<[string, string[], string, Float32Array[], string]>([
    ["too many vectors", ["a"], "1", Array<Float32Array>(9).fill(X), "9 vectors, and vectorsPerItem of its index is 8"],
    ["another dimension", ["a"], "1", [new Float32Array(7)], "dims of the vector index is 8.*a vector of 7 numbers"],
    ["NaN", ["a"], "1", [vector(NaN)], "NaN or Infinity"],
    ["a place that is too long", ["a".repeat(19_000)], "b".repeat(20_000), [X], "3900\\d bytes.*38000.*Use a hash"],
    ["too many labels", Array<string>(101).fill("a"), "1", [X], "101 labels"],
  ])("with %s is refused before anything is sent", async (_, namespace, key, vectors, message) => {
    const { vectorIndex, server } = await openVectorIndex();
    await expect(vectorIndex.put(namespace, key, vectors)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringMatching(message),
    });
    expect(server.requests).toEqual([]);
  });

  test("in the deepest namespace, or with the longest names, is within the limits of the metadata", async () => {
    const { vectorIndex } = await openVectorIndex();
    const deep = Array.from({ length: 100 }, (_, i) => `label ${i}`);
    await vectorIndex.put(deep, "1", [X]);
    await vectorIndex.put(["ü".repeat(9_000)], "k".repeat(19_900), [X]);

    expect(await vectorIndex.search(deep.slice(0, 50), X, 2)).toMatchObject([{ namespace: deep, key: "1" }]);
    expect(await vectorIndex.search(["ü".repeat(9_000)], X, 2)).toHaveLength(1);
  });
});
