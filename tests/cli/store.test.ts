import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HumanMessage } from "@langchain/core/messages";
import { DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { credentials, endpoint, tableName } from "../lanes/savers/harness.js";
import { jsonLines, place, run, type Place } from "./run.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** A store on the same items, as an application has it. */
const storeAt = ({ options }: Place): DynamoDBStore =>
  new DynamoDBStore({
    tableName: tableName(),
    region: "us-east-1",
    endpoint: endpoint(),
    credentials: credentials(),
    keyPrefix: options.keyPrefix!,
  });

test("store puts, gets, searches and deletes what the application has, and the other way round", async () => {
  const where = place();
  const store = storeAt(where);
  await store.put(["memories", "ada"], "tea", { text: "likes tea", kind: "drink" });

  const put = await run(where, ["store", "put", "memories/bob", "tea", '{"kind":"food"}']);
  const piped = await run(where, ["store", "put", '["memories","a/b"]', "k", "--ttl", "1h"], { input: '{"n":1}' });
  const got = await run(where, ["store", "get", "memories/ada", "tea", "--json"]);
  const drinks = await run(where, ["store", "search", "memories", "--filter", '{"kind":"drink"}', "--json"]);
  const all = await run(where, ["store", "search"]);
  const namespaces = await run(where, ["store", "namespaces", "memories"]);
  const removed = await run(where, ["store", "delete", "memories/ada", "tea", "--yes"]);

  expect([put, piped, got, drinks, all, namespaces, removed].map(({ code }) => code)).toEqual(Array(7).fill(0));
  expect(jsonLines(got.stdout)).toMatchObject([
    { namespace: ["memories", "ada"], key: "tea", value: { text: "likes tea", kind: "drink" } },
  ]);
  expect(jsonLines(drinks.stdout)).toHaveLength(1);
  expect(all.stdout).toMatch(/memories\/ada +tea .*\{text: "likes tea", kind: "drink"\}[^]*memories\/bob +tea /);
  expect(namespaces.stdout.trimEnd().split("\n").sort()).toEqual([
    '["memories","a/b"]',
    "memories/ada",
    "memories/bob",
  ]);
  expect((await store.get(["memories", "bob"], "tea"))?.value).toEqual({ kind: "food" });
  expect((await store.get(["memories", "a/b"], "k"))?.value).toEqual({ n: 1 });
  expect(await store.get(["memories", "ada"], "tea")).toBeNull();
});

test("store ends with 1 for an item that is not there, and with 2 for what is no object or no namespace", async () => {
  const where = place();

  const ended = await Promise.all(
    [
      ["get", "memories", "typo"],
      ["delete", "memories", "typo", "--yes"],
      ["put", "memories", "k", "[1]"],
      ["put", "memories", "k", "{"],
      ["get", "[1]", "k"],
      ["search", "--filter", "x"],
    ].map((args) => run(where, ["store", ...args])),
  );

  expect(ended.map(({ code }) => code)).toEqual([1, 1, 2, 2, 2, 2]);
  expect(ended[0]!.stderr).toBe('warning: There is no item memories "typo".\n');
});

test("store export and import carry items elsewhere, with objects of LangChain as they were", async () => {
  const [where, there] = [place(), place()];
  const file = join(folder, "items.jsonl");
  await storeAt(where).put(["memories"], "said", { message: new HumanMessage({ id: "h", content: "hi" }) });
  for (let n = 0; n < 30; n++) await storeAt(where).put(["numbers"], String(n), { n });

  const out = await run(where, ["store", "export", "-o", file, "--json"]);
  const piped = await run(where, ["store", "export", "numbers"]);
  const back = await run(there, ["store", "import", file, "--json"]);
  const wrong = await run(there, ["store", "import"], { input: '{"namespace":["x"]}\n' });

  expect([jsonLines(out.stdout), jsonLines(back.stdout)]).toEqual([
    [{ namespace: [], file, items: 31 }],
    [{ items: 31 }],
  ]);
  expect((await readFile(file, "utf8")).trimEnd().split("\n")).toHaveLength(31);
  expect(jsonLines(piped.stdout)).toHaveLength(30);
  const { message } = (await storeAt(there).get(["memories"], "said"))!.value as { message: HumanMessage };
  expect([message instanceof HumanMessage, message.content, message.id]).toEqual([true, "hi", "h"]);
  expect(await storeAt(there).search(["numbers"], { limit: 100 })).toHaveLength(30);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("Line 1 is not an item")]);
});
