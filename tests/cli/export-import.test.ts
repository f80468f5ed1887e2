import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect, emptyThread, noise, putChain, valuesAt } from "../lanes/savers/checkpoints.js";
import { jsonLines, place, run, runInTerminal, saverAt, type Place } from "./run.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
});

afterAll(() => rm(folder, { recursive: true }));

const at = (threadId: string) => ({ configurable: { thread_id: threadId } });

/** A thread of three steps, with a value that is in S3 where there is one. */
async function threadAt(where: Place, id: string): Promise<void> {
  await putChain(saverAt(where), emptyThread(id), [{ n: 1 }, { n: 2, large: noise(5_000) }, { n: 3 }]);
}

async function exported(where: Place, id: string): Promise<string[]> {
  return collect(saverAt(where).exportThread(id));
}

/** Two exports of one thread differ in when they were made. */
const timeless = ([head, ...rest]: string[]): string[] => [head!.replace(/"readAt":\d+/, '"readAt":0'), ...rest];

describe.each([
  ["in the table", false],
  ["in S3", true],
])("export and import, with a large value %s", (_, s3) => {
  test("take a thread through a pipe, byte for byte", async () => {
    const where = place({ s3 });
    await threadAt(where, "one");

    const out = await run(where, ["export", "one"]);
    const back = await run(where, ["import", "--as", "two"], { input: out.stdout });

    expect(timeless(out.stdout.trimEnd().split("\n"))).toEqual(timeless(await exported(where, "one")));
    expect(back).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Imported \d+ items as "two"\.\n$/) });
    expect(await valuesAt(saverAt(where), at("two"))).toEqual(await valuesAt(saverAt(where), at("one")));
  });

  test("take a thread through a compressed file, which is seen by what it holds and not by its name", async () => {
    const [where, there] = [place({ s3 }), place({ s3 })];
    await threadAt(where, "one");
    const file = join(folder, `${s3}.jsonl.gz`);

    const out = await run(where, ["export", "one", "-o", file, "--json"]);
    const compressed = await readFile(file);
    const other = await run(there, ["import", "--json"], { input: compressed });
    const back = await run(there, ["import", "--json", "--from-key-prefix", where.options.keyPrefix!], {
      input: compressed,
    });

    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("another keyPrefix") });

    expect(jsonLines(out.stdout)).toEqual([
      { threadId: "one", file, items: (await exported(where, "one")).length - 2, bytes: compressed.length },
    ]);
    expect(timeless(gunzipSync(compressed).toString().trimEnd().split("\n"))).toEqual(
      timeless(await exported(where, "one")),
    );
    expect(jsonLines(back.stdout)).toMatchObject([{ threadId: "one" }]);
    expect(await valuesAt(saverAt(there), at("one"))).toEqual(await valuesAt(saverAt(where), at("one")));
  });
});

describe("export", () => {
  test("leaves a file that is there as it was when there is no such thread", async () => {
    const file = join(folder, "kept.jsonl");
    await writeFile(file, "what was there");

    const { code, stderr } = await run(place(), ["export", "nobody", "-o", file]);

    expect([code, stderr]).toEqual([1, 'error: There is no thread "nobody". [INVALID_INPUT]\n']);
    expect(await readFile(file, "utf8")).toBe("what was there");
    expect((await readdir(folder)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  test("keeps an id with line separators whole on its way through a pipe", async () => {
    const where = place();
    const id = "a\u2028b\u2029c\u0085d";
    await threadAt(where, id);

    const out = await run(where, ["export", id]);
    const back = await run(where, ["import", "--as", "copy"], { input: out.stdout });

    expect(out.stdout).not.toMatch(/[\u2028\u2029\u0085]/);
    expect(back.code).toBe(0);
    expect(jsonLines(timeless(out.stdout.split("\n")).join("\n"))).toEqual(
      timeless(await exported(where, id)).map((line) => JSON.parse(line) as unknown),
    );
  });
});

describe("import", () => {
  test("says what is wrong with what is no export, or a part of one, or is there already", async () => {
    const where = place();
    await threadAt(where, "one");
    const lines = await exported(where, "one");
    const compressed = gzipSync(lines.join("\n"));

    const failures = await Promise.all([
      run(where, ["import"], { input: "hello" }),
      run(where, ["import"], { input: "" }),
      run(where, ["import", "--as", "part"], { input: lines.slice(0, 3).join("\n") }),
      run(where, ["import", "--as", "cut"], { input: compressed.subarray(0, compressed.length / 2) }),
      run(where, ["import"], { input: lines.join("\n") }),
      run(where, ["import", join(folder, "none.jsonl")]),
    ]);

    expect(failures.map(({ code, stdout }) => [code, stdout])).toEqual(failures.map(() => [1, ""]));
    expect(failures.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
      expect.stringMatching(/^error: Line 1 is not JSON/),
      expect.stringMatching(/^error: This is not an export/),
      expect.stringMatching(/^error: The export has no end: it was cut short/),
      expect.stringMatching(/^error: .*unexpected end/),
      expect.stringMatching(/^error: There is a thread "one" already/),
      expect.stringMatching(/^error: ENOENT/),
    ]);
  });

  test("asks for a file when stdin is a terminal", async () => {
    const { code, text } = await runInTerminal(place(), ["import"]);

    expect([code, text]).toEqual([2, "error: Which file? Name it, or send it to stdin. [USAGE]"]);
  });

  test("shows in a terminal how far it is, and takes that off the screen at the end", async () => {
    const where = place();
    await threadAt(where, "one");
    const file = join(folder, "shown.jsonl");
    await run(where, ["export", "one", "-o", file]);

    const screen = await runInTerminal(where, ["import", file, "--as", "two"]);

    expect(screen.raw).toMatch(/Importing .* 0%/);
    expect(screen.lines).toEqual([expect.stringMatching(/^Imported \d+ items as "two"\.$/)]);
  });
});
