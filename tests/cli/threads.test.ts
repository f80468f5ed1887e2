import { describe, expect, test } from "vitest";
import { emptyThread, putStep } from "../lanes/savers/checkpoints.js";
import { jsonLines, place, run, runInTerminal, saverAt, type Place } from "./run.js";

async function threadsAt(where: Place, ids: readonly string[]): Promise<void> {
  const saver = saverAt(where);
  for (const id of ids) await putStep(saver, emptyThread(id), { n: 1 }, { metadata: { step: 7 } });
}

describe("threads", () => {
  test("shows them in a terminal as a table, ordered by id", async () => {
    const where = place();
    await threadsAt(where, ["b", "a", "c"]);

    const { code, lines } = await runInTerminal(where, ["threads"]);

    expect(code).toBe(0);
    expect(lines.map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:]{8}Z/, "TIME"))).toEqual([
      "thread  created",
      "a       TIME",
      "b       TIME",
      "c       TIME",
    ]);
  });

  test("gives JSON lines to a script, of a prefix, a page at a time", async () => {
    const where = place();
    await threadsAt(where, ["user-1", "user-2", "user-3", "vendor"]);

    const first = await run(where, ["threads", "--json", "--prefix", "user-", "--limit", "2"]);
    const second = await run(where, ["threads", "--json", "--prefix", "user-", "--after", "user-2", "--latest"]);

    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(jsonLines(first.stdout)).toEqual(
      ["user-1", "user-2"].map((threadId) => ({ threadId, createdAt: expect.stringMatching(/^\d{4}-.*Z$/) })),
    );
    expect(jsonLines(second.stdout)).toMatchObject([
      { threadId: "user-3", latest: { checkpointId: expect.any(String), step: 7, time: expect.stringMatching(/Z$/) } },
    ]);
  });

  test("has a block of lines for each thread where the terminal is too narrow for a table", async () => {
    const where = place();
    await threadsAt(where, ["a-thread-with-a-long-name"]);

    const { lines } = await runInTerminal(where, ["threads", "--latest"], { columns: 40 });

    expect(lines.map((line) => line.split(/ {2,}/)[0]).filter(Boolean)).toEqual([
      "thread",
      "created",
      "step",
      "last checkpoint",
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  test("shows ids that would act on a terminal as what they are", async () => {
    const where = place();
    const id = "\u001b[2J\u009b31m\u202Eevil\n";
    await threadsAt(where, [id]);

    const screen = await runInTerminal(where, ["threads"]);
    const piped = await run(where, ["threads"]);
    const json = await run(where, ["threads", "--json"]);

    expect(screen.text).toContain("\\u001b[2J\\u009b31m\\u202eevil\\n");
    expect(piped.stdout).toContain("\\u001b[2J\\u009b31m\\u202eevil\\n");
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;
    for (const { stdout } of [piped, json]) expect(stdout).not.toMatch(control);
    expect(jsonLines(json.stdout)).toMatchObject([{ threadId: id }]);
  });

  test("says on stderr that there are none, and leaves stdout empty for scripts", async () => {
    expect(await run(place(), ["threads", "--json"])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await run(place(), ["threads"])).stderr).toMatch(/^No threads/);
  });
});
