import type { DynamoDBSaverEvent } from "langgraph-checkpoint-dynamodb";
import { expect, inject, test } from "vitest";
import { noiseText } from "../../lanes/savers/checkpoints.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { createStore } from "../../lanes/savers/stores.js";
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
  for (const options of [{}, { filter: { n: 2 } }, { query: "ab" }, { query: "ab", filter: { n: 2 } }])
    expect((await reader.search(NS, options)).map(({ key }) => key)).toEqual(["here"]);
  expect(codes).toEqual(Array(4).fill("ITEM_SKIPPED"));
  await expect(reader.get(NS, "in S3")).rejects.toMatchObject({ code: "INVALID_CONFIG" });
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
