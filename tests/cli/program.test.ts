import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { cliEnvironment, program } from "../../scripts/lib/docs/cli-terminal.js";
import { emptyThread, noise, putStep } from "../lanes/savers/checkpoints.js";
import { jsonLines, place, run, runInTerminal, saverAt } from "./run.js";
import { server } from "./answering-server.js";

const nowhere = { env: {} };
const COLOUR = "\u001b[2m";

describe("help", () => {
  test("has every command, and every command an example of its own", async () => {
    const { code, stdout } = await run(nowhere, ["--help"]);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) (?=[[< ])/gm)].map(([, name]) => name!);

    expect([code, commands]).toEqual([
      0,
      expect.arrayContaining(["threads", "export", "import", "copy", "prune", "delete", "completion"]),
    ]);
    for (const command of commands.filter((name) => name !== "help")) {
      const help = await run(nowhere, [command, "--help"]);
      expect([help.code, help.stdout]).toEqual([
        0,
        expect.stringContaining(`\nExample:\n  $ langgraph-checkpoint-dynamodb ${command} `),
      ]);
    }
  });

  test("goes to stderr, with 2, when no command was given, or one that is not there", async () => {
    const [none, unknown] = await Promise.all([run(nowhere, []), run(nowhere, ["thraeds"])]);

    expect([none.code, none.stdout, none.stderr]).toEqual([2, "", expect.stringMatching(/^Usage: /)]);
    expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([
      2,
      "",
      "error: unknown command 'thraeds'\n(Did you mean threads?)\n",
    ]);
  });
});

describe("what is missing or wrong in the options", () => {
  test.each([
    ["no table", ["threads"], {}, "Which table? Pass --table, or set DYNAMODB_TABLE_NAME."],
    ["no region", ["threads", "--table", "one"], {}, "Which region? Pass --region, or set AWS_REGION."],
    [
      "no bucket",
      ["threads", "--table", "one", "--region", "eu-west-1", "--s3-prefix", "a/"],
      { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      "Which bucket?",
    ],
    [
      "no key",
      ["threads", "--table", "one", "--region", "eu-west-1", "--allow-plaintext"],
      { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      "Which key?",
    ],
    [
      "half a credential",
      ["threads", "--table", "one", "--region", "eu-west-1"],
      { AWS_ACCESS_KEY_ID: "a" },
      "AWS_SECRET_ACCESS_KEY is missing",
    ],
    [
      "http to elsewhere",
      ["threads", "--table", "one", "--region", "eu-west-1", "--endpoint", "http://example.com"],
      { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      "must be https",
    ],
  ])("is said before anything is sent, with 2: %s", async (_, args, env, message) => {
    const { code, stdout, stderr } = await run({ env }, args);

    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(message)]);
  });
});

describe("plain http to another host", () => {
  /** Another name of this machine, which does not count as one. */
  const elsewhere = (url: string): string => url.replace("127.0.0.1", "0.0.0.0");

  test("is refused, with the flag that allows it", async () => {
    const where = place();
    where.env.AWS_ENDPOINT_URL_DYNAMODB = elsewhere(where.env.AWS_ENDPOINT_URL_DYNAMODB!);

    const [forPeople, forMachines] = await Promise.all([run(where, ["threads"]), run(where, ["threads", "--json"])]);

    expect([forPeople.code, forPeople.stdout]).toEqual([2, ""]);
    const [error, advice, ...rest] = forPeople.stderr.split("\n");
    expect(error).toMatch(/^error: endpoint http:\/\/0\.0\.0\.0:\d+ must be https.* \[INVALID_CONFIG\]$/);
    expect([advice, ...rest]).toEqual(["On the command line: --allow-insecure-endpoint", ""]);
    expect(jsonLines(forMachines.stderr)).toMatchObject([
      { error: { code: "INVALID_CONFIG", remedy: "On the command line: --allow-insecure-endpoint" } },
    ]);
  });

  test("is taken with the flag or the variable, for table and bucket, and the doctor warns of it", async () => {
    const where = place({ s3: true });
    await putStep(saverAt(where), emptyThread("large"), { large: noise(9_000) });
    for (const name of ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"])
      where.env[name] = elsewhere(where.env[name]!);
    const allowed = { env: { ...where.env, DYNAMODB_ALLOW_INSECURE_ENDPOINT: "1" } };

    const byFlag = await run(where, [
      "inspect",
      "large",
      "--checkpoint",
      "latest",
      "--allow-insecure-endpoint",
      "--json",
    ]);
    const byVariable = await run(allowed, ["threads", "--json"]);
    const wrongVariable = await run({ env: { ...where.env, DYNAMODB_ALLOW_INSECURE_ENDPOINT: "yes" } }, ["threads"]);
    const doctor = await run(allowed, ["doctor", "--json"]);

    expect([byFlag.code, jsonLines(byFlag.stdout)]).toMatchObject([
      0,
      [{ channels: [{ channel: "large", base64: expect.any(String) as string }] }],
    ]);
    expect([byVariable.code, jsonLines(byVariable.stdout)]).toMatchObject([0, [{ threadId: "large" }]]);
    expect([wrongVariable.code, wrongVariable.stderr]).toEqual([
      2,
      expect.stringContaining('DYNAMODB_ALLOW_INSECURE_ENDPOINT must be "true" or "false"'),
    ]);
    const { findings } = JSON.parse(doctor.stdout) as {
      findings: { check: string; status: string; finding: string }[];
    };
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: "endpoint",
        status: "warning",
        finding: expect.stringMatching(/in the clear to 0\.0\.0\.0:\d+ and 0\.0\.0\.0:\d+\.$/),
      }),
    );
  });
});

describe("a failure", () => {
  test("is a line on stderr with its code and what to do, and 1", async () => {
    const where = place();
    where.env.DYNAMODB_TABLE_NAME = "no-such-table";

    const [forPeople, forMachines, verbose] = await Promise.all([
      run(where, ["threads"]),
      run(where, ["threads", "--json"]),
      run(where, ["threads", "--verbose"]),
    ]);

    expect([forPeople.code, forPeople.stdout]).toEqual([1, ""]);
    expect(forPeople.stderr).toMatch(
      /^error: .*no-such-table.* \[TABLE_NOT_FOUND\]\nCheck --table and --region, or create it: .* setup\n$/,
    );
    expect(jsonLines(forMachines.stderr)).toMatchObject([
      { error: { code: "TABLE_NOT_FOUND", remedy: expect.any(String), service: "dynamodb", operation: "Query" } },
    ]);
    expect(verbose.stderr).toMatch(/^dynamodb Query 400 .*\n[^]*\n\s+at /);
  });
});

describe("colour", () => {
  test("is for terminals, unless NO_COLOR, FORCE_COLOR or --no-color say otherwise", async () => {
    const where = place();
    const within = (env: Record<string, string>) => ({ env: { ...where.env, ...env } });
    await putStep(saverAt(where), emptyThread("a"), { n: 1 });

    const onTerminals = await Promise.all([
      runInTerminal(where, ["threads"]),
      runInTerminal(within({ NO_COLOR: "1" }), ["threads"]),
      runInTerminal(where, ["threads", "--no-color"]),
      runInTerminal(within({ TERM: "dumb" }), ["threads"]),
    ]);
    const inPipes = await Promise.all([run(where, ["threads"]), run(within({ FORCE_COLOR: "1" }), ["threads"])]);

    expect(onTerminals.map(({ raw }) => raw.includes(COLOUR))).toEqual([true, false, false, false]);
    expect(inPipes.map(({ stdout }) => stdout.includes(COLOUR))).toEqual([false, true]);
  });
});

describe("an end from outside", () => {
  test("by a reader that has seen enough is no failure", async () => {
    const where = place();
    await putStep(saverAt(where), emptyThread("long"), { large: noise(3_000_000) });
    const child = spawn(process.execPath, [program, "export", "long"], { env: cliEnvironment(where.env) });
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));

    child.stdout.once("data", () => child.stdout.destroy());

    expect([await once(child, "close"), stderr]).toEqual([[0, null], ""]);
  });

  test.each([
    ["SIGINT", 130, ["threads"], "interrupted. Nothing was changed.\n"],
    [
      "SIGTERM",
      143,
      ["copy", "a", "b"],
      "interrupted. There is no copy yet: it is there when it is complete. Run it again.\n",
    ],
  ] as const)(
    "by %s gives up what is under way, says how to go on, and ends with %i",
    async (signal, expected, args, message) => {
      const silent = await server();
      const child = spawn(process.execPath, [program, ...args], {
        env: cliEnvironment({ ...place().env, AWS_ENDPOINT_URL_DYNAMODB: silent.url }),
      });
      let stderr = "";
      child.stderr.on("data", (chunk) => (stderr += String(chunk)));

      await silent.firstRequest();
      child.kill(signal);

      expect([await once(child, "close"), stderr]).toEqual([[expected, null], message]);
      silent.close();
    },
  );
});
