import { spawn } from "node:child_process";
import { once } from "node:events";
import { inject } from "vitest";
import { cliEnvironment, program, runInTerminal as runThere } from "../../scripts/lib/docs/cli-terminal.js";
import { ensureBuilt } from "../../scripts/lib/testing/package-build.js";
import { BUCKET } from "../lanes/stored/s3-client.js";
import { createSaver, credentials, endpoint, tableName, type SaverOptions } from "../lanes/savers/harness.js";
import { emissions } from "../lanes/run/emissions.js";

/*
 * The built program, run as a user runs it: in a pipe, or in a terminal of any size. No secret of the tests may be in
 * what it prints.
 */

export type Screen = Awaited<ReturnType<typeof runThere>>;

ensureBuilt();

/** Where the tests of a file have their threads, for the program and for a saver that makes them. */
export interface Place {
  env: Record<string, string>;
  /** The same place, as options of a saver. */
  options: Partial<SaverOptions>;
}

/** A key prefix of its own in the table of the test file; with `s3`, values from 2,000 bytes on are in a bucket. */
export function place({ s3 = false } = {}): Place {
  const keyPrefix = `${crypto.randomUUID()}#`;
  const prefix = `${crypto.randomUUID()}/`;
  const { accessKeyId, secretAccessKey } = credentials();
  const bucket = inject("s3");
  return {
    env: {
      DYNAMODB_TABLE_NAME: tableName(),
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
      AWS_ENDPOINT_URL_S3: bucket.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      CHECKPOINT_KEY_PREFIX: keyPrefix,
      ...(s3 && { CHECKPOINT_S3_BUCKET: BUCKET, CHECKPOINT_S3_PREFIX: prefix }),
    },
    options: {
      keyPrefix,
      ...(s3 && {
        s3: {
          bucket: BUCKET,
          prefix,
          endpoint: bucket.endpoint,
          region: bucket.region,
          forcePathStyle: true,
          thresholdBytes: 2_000,
        },
      }),
    },
  };
}

/** A saver on the same threads. */
export const saverAt = ({ options }: Place, more: Partial<SaverOptions> = {}): ReturnType<typeof createSaver> =>
  createSaver({ ...options, ...more });

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs it with pipes, as a script does. */
export async function run(
  { env }: Pick<Place, "env">,
  args: readonly string[],
  { input = "" }: { input?: string | Uint8Array } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { env: cliEnvironment(env) });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => undefined); // it may end without having read
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  const ended = { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  // Stored values are what some commands are there to show, and only as results. Secrets never show.
  emissions.shown(ended.stdout);
  emissions.printed([ended.stderr]);
  return ended;
}

/** The lines of `--json`. */
export const jsonLines = (stdout: string): unknown[] =>
  stdout
    .trimEnd()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

/** Runs it in a terminal, and reads the screen. */
export async function runInTerminal(
  { env }: Pick<Place, "env">,
  args: readonly string[],
  options: Omit<Parameters<typeof runThere>[1], "env"> = {},
): Promise<Screen> {
  const screen = await runThere(args, { env, ...options });
  emissions.shown(screen.raw);
  return screen;
}
