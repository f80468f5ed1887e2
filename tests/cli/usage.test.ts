import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cliEnvironment, program } from "../../scripts/lib/docs/cli-terminal.js";
import { emptyThread, putChain, putStep } from "../lanes/savers/checkpoints.js";
import { jsonLines, place, run, saverAt } from "./run.js";

const nowhere = { env: {} };

describe("wrong usage", () => {
  test.each([
    ["an unknown option", ["threads", "--bogus"], "unknown option '--bogus'"],
    ["an unknown command", ["thraeds"], "unknown command 'thraeds'\n(Did you mean threads?)"],
    ["no command", [], "Which command? --help lists them."],
    ["a missing argument", ["inspect"], "missing required argument 'thread'"],
    ["an option without its value", ["threads", "--limit"], "option '--limit <number>' argument missing"],
    ["no table", ["threads"], "Which table? Pass --table, or set DYNAMODB_TABLE_NAME."],
    ["an unknown command of help", ["help", "nope"], 'There is no command "nope". --help lists those that there are.'],
  ])("is JSON on stderr with --json, and ends with 2: %s", async (_, args, message) => {
    const { code, stdout, stderr } = await run(nowhere, ["--json", ...args]);

    expect([code, stdout]).toEqual([2, ""]);
    expect(jsonLines(stderr)).toMatchObject([{ error: { code: "USAGE", message } }]);
  });

  test("of help names what is not there, and help knows every command by its name", async () => {
    const [unknown, known, all] = await Promise.all(
      [["help", "nope"], ["help", "delete"], ["help"]].map((args) => run(nowhere, args)),
    );

    expect([unknown!.code, unknown!.stdout, unknown!.stderr]).toEqual([
      2,
      "",
      'error: There is no command "nope". --help lists those that there are. [USAGE]\n',
    ]);
    expect([known!.code, known!.stdout]).toEqual([0, expect.stringMatching(/^Usage: \S+ delete /)]);
    expect([all!.code, all!.stdout]).toEqual([0, expect.stringMatching(/^Usage: \S+ \[options\] \[command\]/)]);
  });

  test.each([
    ["inspect", ["inspect", ""]],
    ["delete", ["delete", "a", "", "--yes"]],
    ["copy", ["copy", "a", ""]],
    ["prune", ["prune", "", "--keep-last", "1"]],
    ["import", ["import", "--as", ""]],
  ])("is an id without a character, before anything is sent: %s", async (_, args) => {
    const { code, stdout, stderr } = await run(nowhere, args);

    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining("An id has at least one character.")]);
  });
});

describe("an id that begins with a dash", () => {
  test("goes behind --, as the error says", async () => {
    const where = place();
    await putStep(saverAt(where), emptyThread("-x"), { n: 1 });

    const [wrong, right] = await Promise.all([
      run(where, ["inspect", "-x", "--json"]),
      run(where, ["inspect", "--json", "--", "-x"]),
    ]);

    expect([wrong.code, jsonLines(wrong.stderr)]).toMatchObject([
      2,
      [{ error: { code: "USAGE", remedy: 'An id that begins with "-" goes behind "--", and options before it.' } }],
    ]);
    expect([right.code, jsonLines(right.stdout)]).toMatchObject([0, [{ namespace: "" }]]);
  });
});

describe("what is named and is not there", () => {
  test("ends with 1, and the rest is done", async () => {
    const where = place();
    for (const id of ["a", "b"]) await putChain(saverAt(where), emptyThread(id), [{ n: 1 }, { n: 2 }]);

    const inspected = await run(where, ["inspect", "typo"]);
    const pruned = await run(where, ["prune", "a", "typo", "--keep-last", "1", "--yes", "--json"]);
    const released = await run(where, ["release", "typo", "--yes", "--json"]);
    const deleted = await run(where, ["delete", "a", "typo", "--yes", "--json"]);

    expect([inspected, pruned, released, deleted].map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    expect(jsonLines(pruned.stdout)).toMatchObject([{ freed: { checkpoints: 1 } }]);
    expect(jsonLines(deleted.stdout)).toEqual([{ deleted: ["a"], unknown: ["typo"] }]);
    for (const { stderr } of [inspected, pruned, released, deleted])
      expect(stderr).toContain('There is no thread "typo".');
  });

  test("is a channel: the error says which there are, in a script too", async () => {
    const where = place();
    await putChain(saverAt(where), emptyThread("a"), [{ n: 1, m: 2 }, { n: 2 }]);

    const [people, machines, right] = await Promise.all([
      run(where, ["inspect", "a", "--channel", "typo"]),
      run(where, ["inspect", "a", "--channel", "typo", "--json"]),
      run(where, ["inspect", "a", "--channel", "m"]),
    ]);

    expect([people.code, people.stdout, people.stderr]).toEqual([
      1,
      "",
      expect.stringMatching(/"typo".* are: n, m\. /),
    ]);
    expect([machines.code, machines.stdout]).toEqual([1, ""]);
    expect(jsonLines(machines.stderr)).toMatchObject([{ error: { code: "INVALID_INPUT" } }]);
    expect(right.code).toBe(0);
  });

  test("is no channel that an earlier checkpoint had", async () => {
    const where = place();
    const saver = saverAt(where);
    const first = await putStep(saver, emptyThread("a"), { n: 1, gone: 1 });
    const { gone: _, ...left } = first.checkpoint.channel_values;
    const { gone: _version, ...versions } = first.checkpoint.channel_versions;
    const without = { ...first.checkpoint, channel_values: left, channel_versions: versions };
    await putStep(saver, { ...first, checkpoint: without }, { n: 2 });

    const { code, stdout } = await run(where, ["inspect", "a", "--channel", "gone"]);

    expect([code, stdout]).toEqual([0, expect.stringMatching(/has no value here[^]*removed[^]*added/)]);
  });

  test("is a namespace: the error says which there are", async () => {
    const where = place();
    const saver = saverAt(where);
    for (const ns of ["", "child:1", "!before", "child:1|deeper:2"])
      await putStep(saver, emptyThread("a", ns), { n: 1 });

    for (const args of [
      ["inspect", "a"],
      ["inspect", "a", "--checkpoint", "latest"],
      ["diff", "a", "latest"],
    ]) {
      const { code, stdout, stderr } = await run(where, [...args, "--namespace", "typo"]);
      expect([code, stdout]).toEqual([1, ""]);
      for (const ns of ["", "child:1", "!before", "child:1|deeper:2"]) expect(stderr).toContain(JSON.stringify(ns));
    }
    expect((await run(where, ["inspect", "a", "--namespace", "child:1"])).code).toBe(0);
  });
});

describe("what is written to stdout", () => {
  test.skipIf(process.platform !== "linux")("and does not fit is a failure that says so", async () => {
    const where = place();
    await putStep(saverAt(where), emptyThread("a"), { n: 1 });
    const onFull = async (...args: string[]) => {
      const full = openSync("/dev/full", "w");
      const child = spawn(process.execPath, [program, ...args], {
        env: cliEnvironment(where.env),
        stdio: ["ignore", full, "pipe"],
      });
      let stderr = "";
      child.stderr!.on("data", (chunk) => (stderr += String(chunk)));
      const [code] = (await once(child, "close")) as [number];
      return { code, stderr };
    };

    const [people, machines] = await Promise.all([onFull("export", "a"), onFull("threads", "--json")]);

    expect([people.code, people.stderr]).toEqual([1, expect.stringMatching(/^error: Stdout .* \[ENOSPC\]\n$/)]);
    expect([machines.code, jsonLines(machines.stderr)]).toMatchObject([1, [{ error: { code: "ENOSPC" } }]]);
  });

  test("and is no terminal pads no line for the sake of one long id", async () => {
    const where = place();
    const long = "x".repeat(300);
    for (const id of ["a", long]) await putStep(saverAt(where), emptyThread(id), { n: 1 });

    const [head, short, pushed] = (await run(where, ["threads"])).stdout.split("\n");

    expect([head!.length, short!.length]).toEqual([49, 62]);
    expect(pushed).toMatch(/^x{300} {2}20\S+Z$/);
  });
});

describe("an error of the network", () => {
  test("names the host and what failed, and says nothing of browsers", async () => {
    const where = place();
    const closed = "http://127.0.0.1:1";
    const at = { env: { ...where.env, AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:47" } };

    const refused = await run(at, ["threads"]);
    const unknown = await run(where, ["threads", "--endpoint", "https://nowhere.invalid", "--json"]);
    const forbidden = await run(where, ["threads", "--endpoint", closed]);

    expect(refused.stderr).toBe(
      "error: The connection to http://127.0.0.1:47 failed (ECONNREFUSED). [NETWORK]\n" +
        "Nothing listens there. Start the server, or check --endpoint.\n",
    );
    expect(jsonLines(unknown.stderr)).toMatchObject([
      { error: { code: "NETWORK", message: expect.stringContaining("https://nowhere.invalid failed (E") } },
    ]);
    // Node's fetch does not even try this port.
    expect(forbidden.stderr).toMatch(/^error: The connection to http:\/\/127\.0\.0\.1:1 failed \(bad port\)\. /);
  });

  test("of a table that is not there speaks of flags and commands", async () => {
    const where = place();

    const { code, stderr } = await run(where, ["threads", "--table", "no-such-table"]);

    expect([code, stderr]).toEqual([
      1,
      'error: There is no table "no-such-table" in us-east-1. [TABLE_NOT_FOUND]\n' +
        "Check --table and --region, or create it: langgraph-checkpoint-dynamodb setup\n",
    ]);
  });
});
