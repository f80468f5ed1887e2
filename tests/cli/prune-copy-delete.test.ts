import { describe, expect, test } from "vitest";
import { collect, emptyThread, putChain, valuesAt } from "../lanes/savers/checkpoints.js";
import { jsonLines, place, run, runInTerminal, saverAt, type Place } from "./run.js";

const at = (threadId: string) => ({ configurable: { thread_id: threadId } });

async function threadAt(where: Place, id: string, steps = 5): Promise<void> {
  await putChain(
    saverAt(where),
    emptyThread(id),
    Array.from({ length: steps }, (_, n) => ({ n })),
  );
}

const lengthOf = async (where: Place, id: string): Promise<number> =>
  (await collect(saverAt(where).list(at(id)))).length;
const idsAt = async (where: Place): Promise<string[]> =>
  (await collect(saverAt(where).listThreads())).map(({ threadId }) => threadId);

describe("prune", () => {
  test("keeps the last checkpoints of the threads that are named, and says what was freed", async () => {
    const where = place();
    await Promise.all(["a", "b"].map((id) => threadAt(where, id)));

    const { code, stdout } = await run(where, ["prune", "a", "--keep-last", "2", "--yes"]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^checkpoints +3$/m);
    expect([await lengthOf(where, "a"), await lengthOf(where, "b")]).toEqual([2, 5]);
  });

  test("says to a script what would go, and removes nothing with --dry-run", async () => {
    const where = place();
    await Promise.all(["a", "b"].map((id) => threadAt(where, id)));

    const { code, stdout, stderr } = await run(where, [
      "prune",
      "--all",
      "--keep-last",
      "1",
      "--older-than",
      "1h",
      "--dry-run",
      "--json",
    ]);

    expect([code, stderr]).toEqual([0, ""]);
    expect(jsonLines(stdout)).toEqual([
      {
        dryRun: true,
        threads: 2,
        checkpointsRead: 10,
        freed: {
          checkpoints: 8,
          writes: 0,
          segments: 0,
          objects: 0,
          bytes: expect.any(Number),
          later: { segments: 0, objects: 0 },
        },
        failed: [],
      },
    ]);
    expect(await lengthOf(where, "a")).toBe(5);
  });

  test("wants to know which threads, and what stays", async () => {
    const where = place();

    const wrong = await Promise.all(
      [
        ["prune"],
        ["prune", "a"],
        ["prune", "a", "--all", "--keep-last", "1"],
        ["prune", "a", "--keep-last", "0"],
        ["prune", "a", "--older-than", "monday"],
      ].map((args) => run(where, args)),
    );

    expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(wrong.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
      "error: Which threads? Name them, or pass --all. [USAGE]",
      "error: What shall stay? Pass --keep-last, --older-than, or both. [USAGE]",
      "error: Name threads, or pass --all: not both. [USAGE]",
      "error: option '--keep-last <number>' argument '0' is invalid. It must be a whole number from 1 on.",
      "error: option '--older-than <duration>' argument 'monday' is invalid. It must be a duration such as " +
        `"90s", "15m", "12h", "30d" or "2w".`,
    ]);
  });

  test("warns of a name that no thread has", async () => {
    const where = place();
    await threadAt(where, "a");

    const { code, stderr } = await run(where, ["prune", "a", "typo", "--keep-last", "1", "--yes"]);

    expect([code, stderr]).toEqual([1, 'warning: There is no thread "typo".\n']);
    expect(await lengthOf(where, "a")).toBe(1);
  });
});

describe("copy", () => {
  test("stores a thread under another id as well, and not over one that is there", async () => {
    const where = place();
    await threadAt(where, "a");

    const first = await run(where, ["copy", "a", "b", "--json"]);
    const second = await run(where, ["copy", "a", "b"]);

    expect(jsonLines(first.stdout)).toEqual([{ from: "a", to: "b", items: 5 }]);
    expect(await valuesAt(saverAt(where), at("b"))).toEqual({ n: 4 });
    expect([second.code, second.stdout, second.stderr]).toEqual([
      1,
      "",
      expect.stringMatching(/^error: There is a thread "b" already/),
    ]);
  });
});

describe("delete", () => {
  test("asks in a terminal, and deletes at a yes", async () => {
    const where = place();
    await Promise.all(["a", "b", "c"].map((id) => threadAt(where, id)));

    const screen = await runInTerminal(where, ["delete", "a", "b"], { keys: [["No", "y"]] });

    expect(screen.code).toBe(0);
    expect(screen.lines.at(-1)).toBe("Deleted 2 threads.");
    expect(await idsAt(where)).toEqual(["c"]);
  });

  test("deletes nothing at a no, which is the answer of who only presses Enter", async () => {
    const where = place();
    await threadAt(where, "a");

    const screen = await runInTerminal(where, ["delete", "a"], { keys: [["No", "\r"]] });

    expect([screen.code, screen.lines.at(-1)]).toEqual([0, "Nothing was deleted."]);
    expect(await idsAt(where)).toEqual(["a"]);
  });

  test("ends at Ctrl-C in the question with 130, and deletes nothing", async () => {
    const where = place();
    await threadAt(where, "a");

    const screen = await runInTerminal(where, ["delete", "a"], { keys: [["No", "\u0003"]] });

    expect([screen.code, screen.lines.at(-1)]).toEqual([130, "interrupted. Nothing was changed."]);
    expect(await idsAt(where)).toEqual(["a"]);
  });

  test("refuses to delete where nobody can be asked, unless --yes is there", async () => {
    const where = place();
    await threadAt(where, "a");

    const refused = await run(where, ["delete", "a"]);
    const done = await run(where, ["delete", "a", "typo", "--yes", "--json"]);

    expect([refused.code, refused.stdout, refused.stderr]).toEqual([
      2,
      "",
      expect.stringMatching(/There is no terminal to ask on: add --yes/),
    ]);
    expect(jsonLines(done.stdout)).toEqual([{ deleted: ["a"], unknown: ["typo"] }]);
    expect(await idsAt(where)).toEqual([]);
  });
});
