import { describe, expect, test } from "vitest";
import type { DynamoDBSaverEvent, Fetch } from "langgraph-checkpoint-dynamodb";
import {
  createVectorIndex,
  found,
  openVectorIndex,
  storedVectors,
  vector,
  X,
  Y,
} from "../../../lanes/savers/s3-vector-index.js";

/* Needs no server. */

describe("a search", () => {
  test("is by whole labels of the namespace's beginning, whatever they hold", async () => {
    const { vectorIndex } = await openVectorIndex();
    const namespaces = [
      ["a"],
      ["a", "b"],
      ["a", "bc"],
      ["ab"],
      ["a/b"],
      ['a","b'],
      ["b", "a"],
      ["a", "b", "c"],
      ["\ud800"],
    ];
    for (const namespace of namespaces) await vectorIndex.put(namespace, "1", [X]);
    const under = async (...prefix: string[]): Promise<string[][]> =>
      (await vectorIndex.search(prefix, X, 100)).map(({ namespace }) => namespace);

    expect(await under()).toEqual(namespaces);
    expect(await under("a")).toEqual([["a"], ["a", "b"], ["a", "bc"], ["a", "b", "c"]]);
    expect(await under("a", "b")).toEqual([
      ["a", "b"],
      ["a", "b", "c"],
    ]);
    expect(await under("a/b")).toEqual([["a/b"]]);
    expect(await under("\ud800")).toEqual([["\ud800"]]);
    expect(await under("c")).toEqual([]);
  });

  test("finds nothing of another tenant's, who can have items of the same names", async () => {
    const { vectorIndex: ada, server } = await openVectorIndex({ keyPrefix: "ada#" });
    const { vectorIndex: bob } = createVectorIndex({ keyPrefix: "bob#" }, server);
    await ada.put(["a"], "1", [X]);
    await bob.put(["a"], "1", [Y]);
    await bob.delete(["a"], "2");

    expect(await ada.search([], Y, 10)).toMatchObject([{ score: expect.closeTo(0, 6) }]);
    await bob.delete(["a"], "1");
    expect(found(await ada.search([], Y, 10))).toEqual(["a/1"]);
    expect(await bob.search([], Y, 10)).toEqual([]);
  });

  test("reads pages until it has enough items, and no more of them", async () => {
    const { vectorIndex, server } = await openVectorIndex();
    server.pageSize = 3;
    for (let i = 0; i < 10; i++) await vectorIndex.put(["a"], `${i}`, [vector(10, i)]);
    server.takeOperations();

    expect(found(await vectorIndex.search(["a"], X, 7))).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `a/${i}`));
    expect(server.takeOperations()).toEqual(Array(3).fill("QueryVectors"));
    expect(await vectorIndex.search(["a"], X, 100)).toHaveLength(10);
    expect(await vectorIndex.search(["a"], X, 0)).toEqual([]);
  });

  test("asks for more vectors where those of a few items leave too few of them", async () => {
    const { vectorIndex, server } = await openVectorIndex();
    for (const key of ["1", "2"]) await vectorIndex.put(["a"], key, Array<Float32Array>(8).fill(X));
    for (const key of ["3", "4"]) await vectorIndex.put(["a"], key, [vector(1, 1)]);
    server.takeOperations();

    expect(found(await vectorIndex.search(["a"], X, 3))).toEqual(["a/1", "a/2", "a/3"]);
    expect(server.requests.map(({ input }) => input.topK)).toEqual([3, 12, 48]);
    server.takeOperations();
    expect(await vectorIndex.search(["a"], X, 100_000)).toHaveLength(4);
    expect(server.requests.map(({ input }) => input.topK)).toEqual([10_000]);
  });

  test("passes over vectors that somebody else has put into the index", async () => {
    const { vectorIndex, server } = await openVectorIndex();
    await vectorIndex.put(["a"], "1", [X]);
    const [{ key, metadata } = { key: "", metadata: {} }] = storedVectors(server);
    const strangers = [undefined, 7, "{", "[]", "[[1],2]", '[["b"],"1"]'];
    const forging: Fetch = async (url, init) => {
      const answer = (await (await server.fetch(url, init)).json()) as { vectors: object[] };
      for (const item of strangers) answer.vectors.unshift({ key, distance: 0, metadata: { ...metadata, item } });
      answer.vectors.unshift({ key });
      return Response.json(answer);
    };

    expect(storedVectors(server)).toHaveLength(1);
    const { vectorIndex: deceived } = createVectorIndex({ fetch: forging }, server);
    expect(found(await deceived.search(["a"], X, 5))).toEqual(["a/1"]);
  });
});

describe("requests", () => {
  test("are sent again after an error that passes and an answer that cannot be read, and reported", async () => {
    const { server } = await openVectorIndex();
    const answers = [
      () => Response.json({ message: "Currently unable to handle the request" }, { status: 503 }),
      () => new Response("<html>Not here</html>", { status: 404 }),
      () => new Response('{"vectors": [', { status: 200 }),
      () => Response.json({}, { status: 200 }),
    ];
    const events: DynamoDBSaverEvent[] = [];
    const { vectorIndex } = createVectorIndex(
      {
        fetch: async (url, init) => answers.shift()?.() ?? server.fetch(url, init),
        onEvent: (event) => events.push(event),
        maxAttempts: 5,
      },
      server,
    );

    expect(await vectorIndex.search(["a"], X, 1)).toEqual([]);
    expect(events).toMatchObject([
      ...[1, 2, 3, 4].map((attempt) => ({ type: "retry", service: "s3vectors", operation: "QueryVectors", attempt })),
      { type: "request", service: "s3vectors", operation: "QueryVectors", attempts: 5, status: 200 },
    ]);
  });

  test("to an index that is not there say what to do", async () => {
    const { vectorIndex } = createVectorIndex();
    await expect(vectorIndex.put(["a"], "1", [X])).rejects.toMatchObject({
      name: "AwsRequestError",
      code: "BUCKET_NOT_FOUND",
      service: "s3vectors",
      message: expect.stringMatching(/no index "memories" in the vector bucket "agent-vectors".*setup\(\)/),
    });
  });

  test("that a policy does not allow name the actions that it has to", async () => {
    const { vectorIndex, server } = await openVectorIndex();
    server.denied.add("GetVectors");
    await expect(vectorIndex.search(["a"], X, 1)).rejects.toMatchObject({
      code: "ACCESS_DENIED",
      message: expect.stringContaining("s3vectors:QueryVectors and s3vectors:GetVectors"),
    });
  });

  test.each<[string, number, string]>([
    ["TooManyRequestsException", 429, "THROTTLED"],
    ["ServiceQuotaExceededException", 402, "SERVICE_ERROR"],
    ["ExpiredTokenException", 403, "ACCESS_DENIED"],
    ["InternalServerException", 500, "SERVICE_ERROR"],
  ])("that end with %s end with a code of their own", async (name, status, code) => {
    const headers = { "x-amzn-errortype": `${name}:http://internal.amazon.com/` };
    const fetch: Fetch = async () => Response.json({ message: "About it" }, { status, headers });
    const { vectorIndex } = createVectorIndex({ fetch, maxAttempts: 1 });
    await expect(vectorIndex.delete(["a"], "1")).rejects.toMatchObject({ code, serviceCode: name });
  });

  test("end when the signal fires", async () => {
    const controller = new AbortController();
    const fetch: Fetch = () => {
      controller.abort();
      return new Promise(() => undefined);
    };
    const { vectorIndex } = createVectorIndex({ fetch, signal: controller.signal });
    await expect(vectorIndex.search([], X, 1)).rejects.toMatchObject({ code: "ABORTED" });
  });
});
