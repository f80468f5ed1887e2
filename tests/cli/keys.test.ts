import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyThread, putStep, valuesAt } from "../lanes/savers/checkpoints.js";
import { place, run, saverAt } from "./run.js";
import { server } from "./answering-server.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
});

afterAll(() => rm(folder, { recursive: true }));

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
