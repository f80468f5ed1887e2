import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromIni } from "@aws-sdk/credential-providers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { awsError, first, nothingFound, observedSaver, readNothing } from "../lanes/faults/faulty-fetch.js";
import { emptyThread, putStep } from "../lanes/savers/checkpoints.js";
import { createSaver, endpoint, tableName } from "../lanes/savers/harness.js";

/* The AWS SDK's own providers, as they are. */

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "profile-"));
  await writeFile(
    join(folder, "credentials"),
    "[work]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = CanarySecretOfProfile\n",
  );
  await writeFile(join(folder, "config"), "");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "credentials"));
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  vi.stubEnv("AWS_PROFILE", "work");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

test(
  "a shared-config profile of the AWS SDK signs a saver's requests, and is asked again when they " + "are refused",
  async () => {
    const { saver, sent } = observedSaver(
      first(1, () => awsError("ExpiredTokenException"), nothingFound),
      { credentials: fromIni() },
    );

    await readNothing(saver);

    expect(sent.map(({ headers }) => /Credential=(\w+)/.exec(headers.get("authorization")!)![1])).toEqual([
      "PROFILEKEY",
      "PROFILEKEY",
    ]);
  },
);

test("the example lists the threads of the table", async () => {
  await putStep(createSaver({ keyPrefix: "" }), emptyThread("of-the-profile"), {});
  vi.stubEnv("DYNAMODB_TABLE_NAME", tableName());
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", endpoint());
  const printed = vi.spyOn(console, "log").mockReturnValue();

  await import("../../examples/shared-config-profile/index.js");

  expect(printed.mock.calls).toEqual([[expect.stringMatching(/^\d{4}-.*Z {2}of-the-profile$/)]]);
});
