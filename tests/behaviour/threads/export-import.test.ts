import { describe, expect, it } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  noiseText,
  putChain,
  putStep,
  valuesAt,
} from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { deleteTable } from "../../lanes/stored/raw-setup.js";
import { newPrefix } from "../../lanes/stored/requests.js";

const sameKey = { encryption: { key: noise(32, 5) } };

/** An export of one item more. */
function withMore(lines: string[], line: string): string[] {
  const { items } = JSON.parse(lines.at(-1)!) as { items: number };
  return [...lines.slice(0, -1), line, JSON.stringify({ items: items + 1 })];
}

const segment = (name: string, B: string): string => JSON.stringify({ item: { SK: { S: `S#${name}` }, data: { B } } });

describe("lines that are not a whole export", () => {
  it.each<[name: string, change: (lines: string[]) => string[], message: string]>([
    ["none", () => [], "not an export"],
    ["without its beginning", (lines) => lines.slice(1), "not an export"],
    ["without its end", (lines) => lines.slice(0, -1), "cut short"],
    ["without one in the middle", (lines) => lines.toSpliced(2, 1), "items instead of"],
    ["not JSON", (lines) => lines.with(1, "{"), "Line 2 is not JSON"],
    ["of a newer version", (lines) => lines.with(0, lines[0]!.replace('"version":1', '"version":2')), "upgrade"],
    [
      "with a key of another kind",
      (lines) => lines.with(1, lines[1]!.replace(/"SK":\{"S":"[^"]*"/, '"SK":{"S":"C#$"')),
      "another shape",
    ],
    [
      "with a partition of its own",
      (lines) => lines.with(1, lines[1]!.replace('"SK"', '"PK":{"S":"elsewhere"},"SK"')),
      "another shape",
    ],
    ["with an item twice", (lines) => withMore(lines, lines[1]!), "is there twice"],
    [
      "with an item that is too large for DynamoDB",
      (lines) => withMore(lines, segment("A".repeat(43), btoa("x".repeat(410_000)))),
      "larger than any that DynamoDB takes",
    ],
    [
      "with a sort key that is too long for DynamoDB",
      (lines) => withMore(lines, JSON.stringify({ item: { SK: { S: `C##${"x".repeat(1_024)}#W#t` }, v: { N: "1" } } })),
      "larger than any that DynamoDB takes",
    ],
  ])("%s", async (_, change, message) => {
    const keyPrefix = newPrefix();
    await putChain(createSaver({ keyPrefix }), emptyThread("t"), [{ n: 1 }, { n: 2 }]);
    const lines = change(await collect(createSaver({ keyPrefix }).exportThread("t")));
    const elsewhere = newPrefix();
    await expect(
      createSaver({ keyPrefix: elsewhere }).importThread(lines, { fromKeyPrefix: keyPrefix }),
    ).rejects.toMatchObject({ message: expect.stringContaining(message) });
    expect(await collect(createSaver({ keyPrefix: elsewhere }).list({}))).toEqual([]);
    expect(await itemsWithPrefix(elsewhere)).toEqual([]);
  });
});

it("an encrypted export needs its key where it is imported under another id", async () => {
  const keyPrefix = newPrefix();
  await putStep(createSaver({ keyPrefix, ...sameKey }), emptyThread("t"), { n: 1 });
  const lines = await collect(createSaver({ keyPrefix, ...sameKey }).exportThread("t"));
  await expect(createSaver({ keyPrefix }).importThread(lines, { threadId: "other" })).rejects.toMatchObject({
    code: "DECRYPTION_FAILED",
  });
  await expect(
    createSaver({ keyPrefix: newPrefix() }).importThread(lines, { fromKeyPrefix: keyPrefix }),
  ).rejects.toMatchObject({ code: "DECRYPTION_FAILED" });
});

it("an encrypted thread is not exported without its key: the export has to find the thread's segments", async () => {
  const keyPrefix = newPrefix();
  await putStep(createSaver({ keyPrefix, ...sameKey }), emptyThread("t"), { n: 1 });
  await expect(collect(createSaver({ keyPrefix }).exportThread("t"))).rejects.toMatchObject({
    code: "DECRYPTION_FAILED",
  });
});

it(
  "an encrypted export needs no key where it is imported into another table, under the same id and keyPrefix, and " +
    "is read with it there",
  async () => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix, ...sameKey }), emptyThread("t"), { text: noiseText(9_000) });
    const lines = await collect(createSaver({ keyPrefix, ...sameKey }).exportThread("t"));
    const elsewhere = { tableName: `elsewhere-${crypto.randomUUID()}`, keyPrefix };
    const withoutKey = createSaver(elsewhere);
    await withoutKey.setup();
    try {
      await withoutKey.importThread(lines);

      expect(await valuesAt(createSaver({ ...elsewhere, ...sameKey }), latestOf(step))).toEqual(
        step.checkpoint.channel_values,
      );
      expect(await errorOf(withoutKey.getTuple(latestOf(step)))).toMatchObject({ code: "DECRYPTION_FAILED" });
    } finally {
      await deleteTable(elsewhere.tableName);
    }
  },
);
