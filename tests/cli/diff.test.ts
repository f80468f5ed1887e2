import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { emptyThread, noiseText, putChain, putStep } from "../lanes/savers/checkpoints.js";
import { deleteRaw, itemsOf } from "../lanes/stored/raw-table.js";
import { jsonLines, place, run, runInTerminal, saverAt } from "./run.js";

const said = (id: string, content: string): HumanMessage => new HumanMessage({ id, content });

test("one checkpoint is compared with its parent, inside of what changed", async () => {
  const where = place();
  await putChain(saverAt(where), emptyThread("t"), [
    { user: { name: "Ann", tags: ["a", "b"] }, same: 1, gone: true },
    { user: { name: "Bob", tags: ["a", "b", "c"] }, fresh: [1] },
  ]);

  const { code, stdout } = await run(where, ["diff", "t", "latest", "--json"]);
  const { text } = await runInTerminal(where, ["diff", "t", "latest"], { columns: 100 });

  expect(code).toBe(0);
  expect(jsonLines(stdout)).toMatchObject([
    {
      before: { step: 0 },
      channels: [
        { channel: "fresh", change: "added", before: null, after: { value: [1] } },
        {
          channel: "user",
          change: "changed",
          differences: [
            { path: ["name"], change: "changed", before: "Ann", after: "Bob" },
            { path: ["tags", 2], change: "added", after: "c" },
          ],
        },
      ],
    },
  ]);
  expect(text).toMatch(/~ user \d+ B to \d+ B$/m);
  expect(text).toMatch(/~ name\n.*- "Ann"\n.*\+ "Bob"$/m);
  expect(text).toContain('+ tags[2] "c"');
  expect(text).not.toContain("same");
});

test("messages are known by their ids: when the first ones are trimmed, the others are the same", async () => {
  const where = place();
  const messages = Array.from({ length: 30 }, (_, i) => said(`m${i}`, `number ${i}`));
  const trimmed = [...messages.slice(2), new AIMessage({ id: "last", content: "the answer" })];
  await putChain(saverAt(where), emptyThread("t"), [{ messages }, { messages: trimmed }]);

  const [{ channels }] = jsonLines((await run(where, ["diff", "t", "latest~1", "latest", "--json"])).stdout) as [
    { channels: { differences: unknown[] }[] },
  ];
  const { text } = await runInTerminal(where, ["diff", "t", "latest"], { columns: 100 });

  expect(channels[0]!.differences).toMatchObject([
    { path: [0], change: "removed" },
    { path: [1], change: "removed" },
    { path: [28], change: "added" },
  ]);
  expect(text).toContain('- [0] HumanMessage "number 0"');
  expect(text).toContain("+ [28] AIMessage");
  expect(text).not.toContain("number 5");
});

test("any two checkpoints are compared, of other branches and either way round", async () => {
  const where = place();
  const saver = saverAt(where);
  const first = await putStep(saver, emptyThread("t"), { n: 0, only: 1 });
  const [left, right] = [await putStep(saver, first, { n: 1 }), await putStep(saver, first, { n: 2 })];
  const compare = async (a: string, b: string): Promise<unknown> =>
    jsonLines((await run(where, ["diff", "t", a, b, "--json"])).stdout);

  expect(await compare(left.checkpoint.id, right.checkpoint.id)).toMatchObject([
    { channels: [{ channel: "n", differences: [{ path: [], before: 1, after: 2 }] }] },
  ]);
  expect(await compare(right.checkpoint.id, left.checkpoint.id)).toMatchObject([
    { channels: [{ channel: "n", differences: [{ path: [], before: 2, after: 1 }] }] },
  ]);
  expect(await compare(left.checkpoint.id, left.checkpoint.id)).toMatchObject([{ channels: [] }]);
  expect((await run(where, ["diff", "t", left.checkpoint.id, left.checkpoint.id])).stdout).toContain(
    "No channel of the state is different.",
  );
});

test("a first checkpoint differs from nothing in everything", async () => {
  const where = place();
  await putStep(saverAt(where), emptyThread("t"), { a: 1 });

  expect(jsonLines((await run(where, ["diff", "t", "latest", "--json"])).stdout)).toMatchObject([
    { before: null, channels: [{ channel: "a", change: "added", after: { value: 1 } }] },
  ]);
});

test("a value that is missing is said to be, and the others are compared", async () => {
  const where = place();
  await putChain(saverAt(where), emptyThread("t"), [
    { bad: "short", good: 1 },
    { bad: noiseText(3_000), good: 2 },
  ]);
  for (const segment of await itemsOf(where.options.keyPrefix as string, "t", "S#")) await deleteRaw(segment);

  const ended = await run(where, ["diff", "t", "latest", "--json"]);
  const people = await run(where, ["diff", "t", "latest"]);

  expect(ended.code).toBe(1);
  expect(jsonLines(ended.stdout)).toMatchObject([
    {
      channels: [
        { channel: "bad", differences: null, after: { problem: { code: "MISSING_DATA" } } },
        { channel: "good", differences: [{ before: 1, after: 2 }] },
      ],
    },
  ]);
  expect(people.stdout).toContain("[MISSING_DATA]");
});
