import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cliEnvironment, program } from "../../scripts/lib/docs/cli-terminal.js";
import { emptyThread, noise, putStep, valuesAt } from "../lanes/savers/checkpoints.js";
import { jsonLines, place, run, runInTerminal, saverAt } from "./run.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
});

afterAll(() => rm(folder, { recursive: true }));

const nowhere = { env: {} };
const COLOUR = "\u001b[2m";

/** A server that stands for DynamoDB: it answers nothing, or that nothing was found, and keeps who asked. */
async function server(answer?: string) {
  const asked: string[] = [];
  const listening = createServer((request, response) => {
    asked.push(request.headers.authorization ?? "");
    request.resume();
    if (answer !== undefined) response.setHeader("content-type", "application/x-amz-json-1.0").end(answer);
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  return {
    asked,
    url: `http://127.0.0.1:${port}`,
    firstRequest: () => once(listening, "request"),
    close: () => {
      listening.closeAllConnections();
      listening.close();
    },
  };
}

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

describe("credentials", () => {
  test("come from a profile that is named, also beside those of the environment, and so does the region", async () => {
    const nothing = await server('{"Items":[],"Count":0}');
    await writeFile(join(folder, "config"), "[profile work]\nregion = eu-north-1\n");
    await writeFile(
      join(folder, "credentials"),
      "[work]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = CanarySecretOfProfile\n",
    );
    const env = {
      DYNAMODB_TABLE_NAME: "one",
      AWS_ENDPOINT_URL_DYNAMODB: nothing.url,
      AWS_CONFIG_FILE: join(folder, "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
    };
    const keys = {
      AWS_ACCESS_KEY_ID: "ENVKEY",
      AWS_SECRET_ACCESS_KEY: "CanarySecretOfEnvironment",
      AWS_REGION: "us-west-2",
    };

    const ended = [
      await run({ env }, ["threads", "--profile", "work"]),
      await run({ env: { ...env, ...keys } }, ["threads", "--profile", "work"]),
      await run({ env: { ...env, ...keys } }, ["threads"]),
      await run({ env: { ...env, AWS_PROFILE: "work" } }, ["threads"]),
    ];
    nothing.close();

    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const signedBy = new Set(
      nothing.asked.map((authorization) =>
        /Credential=(\w+)\/\d+\/([\w-]+)/.exec(authorization)!.slice(1).join(" in "),
      ),
    );
    expect([...signedBy]).toEqual(["PROFILEKEY in eu-north-1", "ENVKEY in us-west-2"]);
  });

  test("that cannot be found are an error that says what was looked for", async () => {
    const { code, stderr } = await run({ env: { DYNAMODB_TABLE_NAME: "one", AWS_REGION: "us-east-1" } }, [
      "threads",
      "--profile",
      "none",
    ]);

    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: The credentials provider failed: .*profile: \[none\].* \[CREDENTIALS\]\nCheck --profile/,
      ),
    ]);
  });
});

describe("keys", () => {
  test("come from files, as bytes, base64 or hexadecimal, older ones too", async () => {
    const where = place();
    const [key, newKey] = [crypto.getRandomValues(new Uint8Array(32)), crypto.getRandomValues(new Uint8Array(32))];
    const files = await Promise.all(
      Object.entries({
        raw: key,
        base64: `${Buffer.from(key).toString("base64")}\n`,
        hex: Buffer.from(key).toString("hex"),
        new: newKey,
      }).map(async ([name, content]) => {
        await writeFile(join(folder, name), content);
        return join(folder, name);
      }),
    );
    const [raw, base64, hex, newFile] = files as [string, string, string, string];
    const saver = saverAt(where, { encryption: { key } });
    await putStep(saver, emptyThread("secret"), { n: 42 });

    const ended = [
      await run(where, ["copy", "secret", "none"]),
      await run(where, ["copy", "secret", "1", "--encryption-key-file", raw]),
      await run(where, ["copy", "secret", "2", "--encryption-key-file", base64]),
      await run({ env: { ...where.env, CHECKPOINT_ENCRYPTION_KEY: (await readFile(hex)).toString() } }, [
        "copy",
        "secret",
        "3",
      ]),
      await run(where, ["copy", "secret", "4", "--encryption-key-file", newFile, "--older-key-file", hex]),
      await run(where, ["copy", "secret", "5", "--encryption-key-file", newFile]),
    ];

    expect(ended.map(({ code }) => code)).toEqual([1, 0, 0, 0, 0, 1]);
    expect(ended[5]!.stderr).toMatch(
      /\[DECRYPTION_FAILED\]\nPass the key that it was written with: --encryption-key-file, --older-key-file\n$/,
    );
    expect(await valuesAt(saver, { configurable: { thread_id: "1" } })).toEqual({ n: 42 });
  });

  test("that are none are refused, without a word of what the file holds", async () => {
    await writeFile(join(folder, "letter"), "Dear canary-of-a-letter,");

    const ended = await Promise.all(
      ["letter", "missing"].map((name) => run(place(), ["threads", "--encryption-key-file", join(folder, name)])),
    );

    expect(ended.map(({ code }) => code)).toEqual([2, 2]);
    expect(ended[0]!.stderr).toMatch(/does not hold a key: 32 bytes/);
    expect(ended[0]!.stderr).not.toContain("canary");
    expect(ended[1]!.stderr).toMatch(/cannot be read \(ENOENT\)/);
  });
});

describe("completion", () => {
  // However slow the machine is.
  const patience = { CHECKPOINT_COMPLETION_MS: "60000" };
  const offered = (stdout: string) =>
    stdout.split("\n").flatMap((line) => (line === "" || line.startsWith(":") ? [] : [line.split("\t")[0]!]));

  test("offers commands, options, shells, and threads that begin as what was typed", async () => {
    const where = place();
    const saver = saverAt(where);
    for (const id of ["user-1", "user-2", "vendor", "user-$(touch owned)", "user 3"])
      await putStep(saver, emptyThread(id), { n: 1 });
    const complete = async (env: Record<string, string>, ...words: string[]) =>
      offered((await run({ env: { ...env, ...patience } }, ["complete", "--", ...words])).stdout);

    expect(await complete({}, "th")).toEqual(["threads"]);
    expect(await complete({}, "prune", "--keep")).toEqual(["--keep-last"]);
    expect(await complete({}, "completion", "")).toEqual(["zsh", "bash", "fish", "powershell"]);
    expect(await complete(where.env, "delete", "user-")).toEqual(["user-1", "user-2"]);
    expect(
      await complete(
        { ...where.env, DYNAMODB_TABLE_NAME: "" },
        "export",
        "--table",
        where.env.DYNAMODB_TABLE_NAME!,
        "ven",
      ),
    ).toEqual(["vendor"]);
    expect(await complete({}, "delete", "user-")).toEqual([]);
  });

  test("works in bash, at a press of the tabulator", async () => {
    const where = place();
    await putStep(saverAt(where), emptyThread("the-only-one"), { n: 1 });
    await chmod(program, 0o755);
    await symlink(program, join(folder, "langgraph-checkpoint-dynamodb"));
    const script = (await run(nowhere, ["completion", "bash"])).stdout;
    // What the package bash-completion gives to every script of this kind.
    const words =
      '_get_comp_words_by_ref() { cur="${COMP_WORDS[COMP_CWORD]}"; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }';
    const press =
      "COMP_WORDS=(langgraph-checkpoint-dynamodb export the-); COMP_CWORD=2; compopt() { :; }; " +
      '__langgraph_checkpoint_dynamodb_complete; echo "${COMPREPLY[@]}"';
    const env = cliEnvironment({ ...where.env, ...patience, PATH: `${folder}:${process.env.PATH}` });

    const bash = spawn("bash", ["-c", `${words}\n${script}\n${press}`], { env });
    let stdout = "";
    bash.stdout.on("data", (chunk) => (stdout += String(chunk)));
    await once(bash, "close");

    expect(stdout).toBe("the-only-one\n");
  });
});
