import type { DynamoDBSaverEvent, Fetch } from "langgraph-checkpoint-dynamodb";
import { expect, inject, test } from "vitest";
import { noiseText } from "../../lanes/savers/checkpoints.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { createStore, type StoreOptions } from "../../lanes/savers/stores.js";
import { intercepted, s3Error } from "../../lanes/stored/aws-requests.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { objectKeys } from "../../lanes/stored/s3-client.js";

const NS = ["users"];
const large = (n: number): Record<string, unknown> => ({ n, text: noiseText(80_000, n) });
const small = (n: number): Record<string, unknown> => ({ n });
const sortKeys = async (keyPrefix: string): Promise<string[]> =>
  (await itemsWithPrefix(keyPrefix)).map(({ SK }) => SK!.S!).sort();

test("an instance without s3 leaves out of searches what lies in S3, and says so; a get fails", async () => {
  const keyPrefix = newPrefix();
  const index = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["word"] };
  const writer = createStore({ keyPrefix, index, s3: { ...s3Options(), thresholdBytes: 20_000 } });
  await writer.put(NS, "in S3", { ...large(1), word: "ab" });
  await writer.put(NS, "here", { ...small(2), word: "abc" });
  const codes: string[] = [];
  const onEvent = (event: DynamoDBSaverEvent): void => void (event.type === "warning" && codes.push(event.code));
  const reader = createStore({ keyPrefix, index, onEvent });
  for (const options of [{}, { filter: { n: 2 } }, { query: "ab" }, { query: "ab", filter: { n: 2 } }]) {
    expect((await reader.search(NS, options)).map(({ key }) => key)).toEqual(["here"]);
    // What is left out takes no place of the page either.
    expect((await reader.search(NS, { ...options, limit: 1 })).map(({ key }) => key)).toEqual(["here"]);
  }
  expect(codes).toEqual(Array(8).fill("ITEM_SKIPPED"));
  await expect(reader.get(NS, "in S3")).rejects.toMatchObject({ code: "INVALID_CONFIG" });
});

test("an instance without s3 has an item whose vectors alone lie in S3 after all others, and says so", async () => {
  const keyPrefix = newPrefix();
  const index = { dims: 400, embeddings: new LettersEmbeddings(400), fields: ["word"] };
  const s3 = { ...s3Options(), thresholdBytes: 1_000 };
  await createStore({ keyPrefix, index, s3, compression: "none" }).put(NS, "near", { word: "ab" });
  const codes: string[] = [];
  const onEvent = (event: DynamoDBSaverEvent): void => void (event.type === "warning" && codes.push(event.code));
  const reader = createStore({ keyPrefix, index, onEvent });
  const other = createStore({ keyPrefix, index: { ...index, fields: ["other"] } });
  await other.put(NS, "far", { word: "ab", other: "z" });
  const found = await reader.search(NS, { query: "ab" });
  expect(found.map(({ key, score }) => [key, typeof score])).toEqual([
    ["far", "number"],
    ["near", "undefined"],
  ]);
  expect(codes).toEqual(["ITEM_UNRANKED"]);
});

/** Searches and gets of a reader that cannot read one of two items. */
async function expectToBeSkipped(
  keyPrefix: string,
  s3: StoreOptions["s3"],
  code: string,
  fetch?: Fetch,
): Promise<void> {
  const codes: string[] = [];
  const onEvent = (event: DynamoDBSaverEvent): void => void (event.type === "warning" && codes.push(event.code));
  const options = { keyPrefix, index: byWord, onEvent, s3, ...(fetch && { fetch }) };
  const reader = createStore(options);
  for (const search of [{}, { filter: { n: 2 } }, { query: "ab" }, { query: "ab", filter: { n: 2 } }])
    expect((await reader.search(NS, search)).map(({ key }) => key)).toEqual(["here", "here too"]);
  expect(codes).toEqual(Array(4).fill("ITEM_SKIPPED"));
  await expect(reader.get(NS, "elsewhere")).rejects.toMatchObject({ code });
  const gets = ["here too", "elsewhere"].map((key) => ({ namespace: NS, key }));
  await expect(reader.batch(gets)).rejects.toMatchObject({ code });
  expect((await reader.get(NS, "here too"))?.value).toMatchObject({ n: 2 });
}

const byWord = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["word"] };
const inS3 = (): ReturnType<typeof s3Options> & { thresholdBytes: number } => ({
  ...s3Options(),
  thresholdBytes: 20_000,
});

async function putThree(keyPrefix: string, options: Partial<StoreOptions>): Promise<void> {
  const writer = createStore({ keyPrefix, index: byWord, ...options });
  await writer.put(NS, "elsewhere", { ...large(1), word: "ab" });
  await writer.put(NS, "here", { ...small(2), word: "abc" });
  await writer.put(NS, "here too", { ...large(2), word: "abcc" });
}

test("an item whose object is lost harms only itself, where S3 says of what is lost that it is denied", async () => {
  const keyPrefix = newPrefix();
  const s3 = inS3();
  let lost: string | undefined;
  const { fetch } = intercepted(({ operation, url }) => {
    if (operation === "PutObject") lost ??= url.pathname;
    return operation === "GetObject" && url.pathname === lost ? s3Error(403, "AccessDenied") : undefined;
  });
  await putThree(keyPrefix, { s3, fetch });
  await expectToBeSkipped(keyPrefix, s3, "ACCESS_DENIED", fetch);
});

test("of many items in S3 whose first objects are lost, all others are found", async () => {
  const keyPrefix = newPrefix();
  const s3 = inS3();
  const writer = createStore({ keyPrefix, s3 });
  const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
  for (const [i, key] of keys.entries()) await writer.put(NS, key, large(i));
  const asked: string[] = [];
  const { fetch } = intercepted(({ operation, url }) => {
    if (operation !== "GetObject") return undefined;
    if (asked.length < 2) asked.push(url.pathname);
    return asked.includes(url.pathname) ? s3Error(404, "NoSuchKey") : undefined;
  });
  const found = await createStore({ keyPrefix, s3, fetch }).search(NS, { limit: 12 });
  expect(found.map(({ key }) => key)).toHaveLength(10);
});

test("a search fails where S3 does not know the credentials at all", async () => {
  const keyPrefix = newPrefix();
  const s3 = inS3();
  await putThree(keyPrefix, { s3 });
  const { fetch } = intercepted(({ operation }) =>
    operation === "GetObject" ? s3Error(403, "InvalidAccessKeyId") : undefined,
  );
  await expect(createStore({ keyPrefix, s3, fetch }).search(NS)).rejects.toMatchObject({ code: "ACCESS_DENIED" });
});

test("an item whose object lies in a bucket that the options do not name is left out of searches", async () => {
  const keyPrefix = newPrefix();
  const s3 = inS3();
  await createStore({ keyPrefix, index: byWord, s3 }).put(NS, "elsewhere", { ...large(1), word: "ab" });
  const other = createStore({ keyPrefix, index: byWord });
  await other.put(NS, "here", { ...small(2), word: "abc" });
  await other.put(NS, "here too", { ...large(2), word: "abcc" });
  await expectToBeSkipped(keyPrefix, { ...s3, bucket: "another-bucket" }, "INVALID_CONFIG");
});

test("what lies in a bucket that the options do not name is neither replaced nor deleted", async () => {
  const keyPrefix = newPrefix();
  const s3 = inS3();
  const writer = createStore({ keyPrefix, s3 });
  await writer.put(NS, "k", large(1));
  const before = await sortKeys(keyPrefix);
  const other = createStore({ keyPrefix, s3: { ...s3, bucket: "another-bucket" } });
  for (const call of [() => other.delete(NS, "k"), () => other.put(NS, "k", small(2))])
    await expect(call()).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("s3.olderBuckets"),
    });
  expect(await sortKeys(keyPrefix)).toEqual(before);
  expect((await writer.get(NS, "k"))?.value).toEqual(large(1));

  const moved = createStore({ keyPrefix, s3: { ...s3, bucket: "another-bucket", olderBuckets: [s3.bucket] } });
  await moved.put(NS, "k", small(3));
  expect(await objectKeys(inject("s3"), s3.prefix)).toEqual([]);
});

test("an instance without s3 replaces and deletes what another has taken out of S3 since", async () => {
  const keyPrefix = newPrefix();
  const writer = createStore({ keyPrefix, s3: inS3() });
  for (const call of ["put", "delete"] as const) {
    await writer.put(NS, "k", large(1));
    const without = createStore({ keyPrefix });
    await expect(without.get(NS, "k")).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    await expect(without[call](NS, "k", small(2))).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    await writer.put(NS, "k", small(1));

    await without[call](NS, "k", small(2));
    expect((await writer.get(NS, "k"))?.value ?? null).toEqual(call === "put" ? small(2) : null);
  }
});

test("an instance without s3 refuses to replace or delete what lies in S3, and changes nothing", async () => {
  const keyPrefix = newPrefix();
  const s3 = { ...s3Options(), thresholdBytes: 20_000, prefix: `${crypto.randomUUID()}/` };
  const writer = createStore({ keyPrefix, s3 });
  await writer.put(NS, "k", large(1));
  const before = await sortKeys(keyPrefix);
  const without = createStore({ keyPrefix });
  for (const call of [without.delete(NS, "k"), without.put(NS, "k", small(2)), without.put(NS, "k", large(3))])
    await expect(call).rejects.toMatchObject({ code: "INVALID_CONFIG", message: expect.stringContaining("s3") });
  expect(await sortKeys(keyPrefix)).toEqual(before);
  expect((await writer.get(NS, "k"))?.value).toEqual(large(1));
  await writer.delete(NS, "k");
  expect(await objectKeys(inject("s3"), s3.prefix)).toEqual([]);
});
