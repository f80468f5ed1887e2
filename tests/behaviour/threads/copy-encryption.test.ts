import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { collect, emptyThread, noise, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix, putRaw } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { CODEC } from "../../lanes/stored/stored-bytes.js";
import { bytesOf } from "../../lanes/stored/stored-format.js";

const key = noise(32, 21);
const encryption = { key };
const migrating = { key, allowPlaintext: true };

async function putThread(saver: DynamoDBSaver, threadId = "t"): Promise<Step> {
  const step = await putStep(saver, emptyThread(threadId), { text: noise(3_000), n: 1 });
  await saver.putWrites(step.config, [["n", 2]], "task");
  return step;
}

const there = async (keyPrefix: string, threadId: string): Promise<unknown> =>
  (await createSaver({ keyPrefix, encryption: migrating }).getTuple({ configurable: { thread_id: threadId } }))
    ?.checkpoint.channel_values;

/** The first byte of every stored value of a thread. */
const codecsOf = async (keyPrefix: string, threadId: string): Promise<number[]> =>
  (await itemsOf(keyPrefix, threadId)).flatMap((item) =>
    Object.keys(item)
      .filter((name) => /^(data|w-?\d+)$/.test(name))
      .map((name) => bytesOf(item, name)[0]!),
  );

describe("an import with encryption on refuses what no saver writes, and leaves nothing of it:", () => {
  const ID = "1f0aaaaa-0000-6000-8000-000000000001";
  const version = { v: { N: "1" } };
  const writes = { SK: { S: `C##${ID}#W#other` }, ...version };

  test.each<[what: string, item: Record<string, unknown>]>([
    ["a write that is a text", { ...writes, w0: { S: "PLAIN" } }],
    ["a write by another name", { ...writes, "w0 ": { B: btoa("PLAIN") } }],
    ["a write without an index", { ...writes, w: { B: btoa("PLAIN") } }],
    ["a number without an index", { ...writes, "at-": { N: "5" } }],
    ["an attribute of a write", { ...writes, note: { S: "PLAIN" } }],
    ["a name that all objects have", { ...writes, constructor: { S: "PLAIN" } }],
    ["a number that is a text", { ...writes, n: { N: "PLAIN" } }],
    ["a write that is not base64", { ...writes, w0: { B: "PLAIN text" } }],
    ["a type that all objects have", { ...writes, path: { constructor: "PLAIN" } }],
    ["an attribute of two types", { ...writes, path: { S: "~a", B: btoa("PLAIN") } }],
    ["a checkpoint that is a text", { SK: { S: `C##${ID}#~` }, ...version, data: { S: "PLAIN" } }],
    [
      "a parent that is longer than an id",
      { SK: { S: `C##${ID}#~` }, ...version, parent: { B: btoa("PLAIN".repeat(9)) } },
    ],
    ["a write at a checkpoint", { SK: { S: `C##${ID}#~` }, ...version, w0: { B: btoa("PLAIN") } }],
    ["an attribute of a segment", { SK: { S: `S#${"A".repeat(43)}` }, note: { S: "PLAIN" } }],
    ["a value at a segment", { SK: { S: `S#${"A".repeat(43)}` }, w0: { B: btoa("PLAIN") } }],
  ])("%s", async (_, item) => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, encryption });
    await putThread(saver);
    const lines = await collect(saver.exportThread("t"));
    const { items } = JSON.parse(lines.at(-1)!) as { items: number };
    const planted = [...lines.slice(0, -1), JSON.stringify({ item }), JSON.stringify({ items: items + 1 })];
    const before = await itemsWithPrefix(keyPrefix);

    const error = await errorOf(saver.importThread(planted, { threadId: "copy" }));

    expect(error).toMatchObject({
      code: "INVALID_INPUT",
      message: `Item ${items + 1} of the export has another shape.`,
    });
    expect(await itemsWithPrefix(keyPrefix)).toEqual(before);
  });

  test("a time of the thread that is none", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, encryption });
    await putThread(saver);
    const [head, ...rest] = await collect(saver.exportThread("t"));
    const changed = JSON.stringify({ ...JSON.parse(head!), createdAt: "PLAIN" });

    expect(await errorOf(saver.importThread([changed, ...rest], { threadId: "copy" }))).toMatchObject({
      code: "INVALID_INPUT",
    });
    expect(JSON.stringify(await itemsWithPrefix(keyPrefix))).not.toContain("PLAIN");
  });
});

test("a write that a stranger has made a text of is a data error of a copy", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix, encryption });
  await putThread(saver);
  const item = (await itemsOf(keyPrefix, "t", "C##")).find((one) => "w0" in one)!;
  await putRaw({ ...item, w0: { S: "PLAIN" } });

  const error = await errorOf(saver.copyThread("t", "copy"));
  expect(error).toMatchObject({ name: "CheckpointDataError", code: "DAMAGED_DATA" });
  expect(await itemsOf(keyPrefix, "copy")).toEqual([]);
});

describe.each<[method: string, restore: (saver: DynamoDBSaver, lines: string[], to: string) => Promise<unknown>]>([
  ["copyThread", (saver, _, to) => saver.copyThread("t", to)],
  ["importThread", (saver, lines, to) => saver.importThread(lines, { threadId: to })],
])("%s with encryption on", (_, restore) => {
  test("refuses a thread that is not encrypted, and leaves nothing of it", async () => {
    const keyPrefix = newPrefix();
    await putThread(createSaver({ keyPrefix }));
    const lines = await collect(createSaver({ keyPrefix }).exportThread("t"));
    const before = await itemsWithPrefix(keyPrefix);

    expect(await errorOf(restore(createSaver({ keyPrefix, encryption }), lines, "copy"))).toMatchObject({
      code: "PLAINTEXT_REFUSED",
      message: expect.stringContaining("allowPlaintext: true"),
    });
    expect(await itemsWithPrefix(keyPrefix)).toEqual(before);
  });

  test(
    "encrypts all of it while plain data is migrated, so that it can be read when the " + "migration is done",
    async () => {
      const keyPrefix = newPrefix();
      const step = await putThread(createSaver({ keyPrefix }));
      const lines = await collect(createSaver({ keyPrefix }).exportThread("t"));
      await restore(createSaver({ keyPrefix, encryption: migrating }), lines, "copy");

      expect(new Set(await codecsOf(keyPrefix, "t"))).not.toContain(CODEC.encrypted);
      expect(new Set(await codecsOf(keyPrefix, "copy"))).toEqual(new Set([CODEC.encrypted]));
      const tuple = await createSaver({ keyPrefix, encryption }).getTuple({ configurable: { thread_id: "copy" } });
      expect(tuple?.checkpoint.channel_values).toEqual(step.checkpoint.channel_values);
      expect(tuple?.pendingWrites).toEqual([["task", "n", 2]]);
    },
  );
});

test("one plain value among encrypted ones is refused, and what came before it is taken back", async () => {
  const keyPrefix = newPrefix();
  const encrypted = createSaver({ keyPrefix, encryption });
  await putThread(encrypted);
  await putThread(createSaver({ keyPrefix: `${keyPrefix}plain#` }));
  const lines = await collect(encrypted.exportThread("t"));
  const plain = (await collect(createSaver({ keyPrefix: `${keyPrefix}plain#` }).exportThread("t"))).find((line) =>
    line.includes('"S#'),
  )!;
  const mixed = lines.map((line) => (line.includes('"S#') ? plain : line));

  expect(await errorOf(encrypted.importThread(mixed, { threadId: "mixed" }))).toMatchObject({
    code: "PLAINTEXT_REFUSED",
  });
  expect(await itemsOf(keyPrefix, "mixed")).toEqual([]);
  expect(await collect(encrypted.listThreads())).toHaveLength(1);
});

test(
  "a thread of another key is refused, also at its own place, where nothing would have to be " + "encrypted anew",
  async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, encryption });
    await putThread(saver);
    const lines = await collect(saver.exportThread("t"));
    await saver.deleteThread("t");

    expect(
      await errorOf(createSaver({ keyPrefix, encryption: { key: noise(32, 22) } }).importThread(lines)),
    ).toMatchObject({ code: "DECRYPTION_FAILED" });
    expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
  },
);

describe("an export of another keyPrefix", () => {
  /** Two tenants of one application, which has one key. */
  async function prepare(): Promise<{ a: string; b: string; step: Step; lines: string[] }> {
    const [a, b] = [newPrefix(), newPrefix()];
    const step = await putThread(createSaver({ keyPrefix: a, encryption }));
    return { a, b, step, lines: await collect(createSaver({ keyPrefix: a, encryption }).exportThread("t")) };
  }

  test.each([
    ["as it is", (lines: string[]) => lines],
    [
      "said to be of a thread of one's own",
      (lines: string[]) => [lines[0]!.replace('"threadId":"t"', '"threadId":"mine"'), ...lines.slice(1)],
    ],
  ])("is refused %s, and nothing is written", async (_, change) => {
    const { b, lines } = await prepare();
    const saver = createSaver({ keyPrefix: b, encryption });

    for (const options of [{}, { threadId: "mine" }])
      expect(await errorOf(saver.importThread(change(lines), options))).toMatchObject({
        code: "INVALID_INPUT",
        message: expect.stringContaining("fromKeyPrefix"),
      });
    expect(await itemsWithPrefix(b)).toEqual([]);
  });

  test("is refused where the own one is empty, or is how the other one begins", async () => {
    const { a, lines } = await prepare();
    for (const keyPrefix of ["", a.slice(0, -1)]) {
      expect(
        await errorOf(createSaver({ keyPrefix, encryption }).importThread(lines, { threadId: `of ${a}` })),
      ).toMatchObject({ code: "INVALID_INPUT" });
    }
  });

  test("is imported where fromKeyPrefix says so, and only then", async () => {
    const { a, b, step, lines } = await prepare();
    const saver = createSaver({ keyPrefix: b, encryption });
    expect(await errorOf(saver.importThread(lines, { fromKeyPrefix: newPrefix() }))).toMatchObject({
      code: "INVALID_INPUT",
    });
    await saver.importThread(lines, { fromKeyPrefix: a });

    expect(await valuesAt(saver, step.config)).toEqual(step.checkpoint.channel_values);
    expect(await there(a, "t")).toEqual(step.checkpoint.channel_values);
  });
});
