import { spawn as spawnProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { spawn as spawnInTerminal } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { inject } from "vitest";
import { ensureBuilt } from "../../scripts/lib/package-build.js";
import { BUCKET } from "../lanes/s3-client.js";
import { createSaver, credentials, endpoint, tableName, type SaverOptions } from "../lanes/harness.js";
import { emissions } from "../lanes/emissions.js";

/* The built program, run as a user runs it: in a pipe, or in a terminal of any size. */

const root = fileURLToPath(new URL("../../", import.meta.url));
export const program = `${root}dist/cli.js`;

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
      ...(s3 && { s3: { bucket: BUCKET, prefix, endpoint: bucket.endpoint, region: bucket.region, forcePathStyle: true, thresholdBytes: 2_000 } }),
    },
  };
}

/** A saver on the same threads. */
export const saverAt = ({ options }: Place, more: Partial<SaverOptions> = {}): ReturnType<typeof createSaver> => createSaver({ ...options, ...more });

/** What the shell of the machine has set must not decide a test. */
const environment = (env: Record<string, string>): Record<string, string> => ({ PATH: process.env.PATH ?? "", HOME: "/nonexistent", TERM: "xterm-256color", ...env });

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs it with pipes, as a script does. */
export async function run({ env }: Pick<Place, "env">, args: readonly string[], { input = "" }: { input?: string | Uint8Array } = {}): Promise<Ended> {
  const child = spawnProcess(process.execPath, [program, ...args], { env: environment(env), cwd: root });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => undefined); // it may end without having read
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return seen({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
}

/** The lines of `--json`. */
export const jsonLines = (stdout: string): unknown[] => stdout.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line) as unknown);

export interface Screen {
  code: number;
  /** What is on the screen at the end, and above it, without what is empty at the end of lines and of the screen. */
  lines: string[];
  text: string;
  /** As it came, with the sequences of colours and of cursor movements. */
  raw: string;
}

export interface TerminalOptions {
  columns?: number;
  /** Keys pressed as soon as the screen shows a text: `[["Delete", "y"]]`. */
  keys?: readonly (readonly [shown: string | RegExp, keys: string])[];
}

/** Runs it in a terminal, and reads the screen. */
export async function runInTerminal({ env }: Pick<Place, "env">, args: readonly string[], { columns = 100, keys = [] }: TerminalOptions = {}): Promise<Screen> {
  const terminal = new xterm.Terminal({ cols: columns, rows: 50, scrollback: 100_000, allowProposedApi: true });
  const process_ = spawnInTerminal(process.execPath, [program, ...args], { cols: columns, rows: 50, cwd: root, env: environment(env) });
  const toPress = [...keys];
  let raw = "";
  let written = Promise.resolve();
  process_.onData((chunk) => {
    raw += chunk;
    written = written.then(() => new Promise((resolve) => terminal.write(chunk, resolve)));
    const [shown, pressed] = toPress[0] ?? [];
    if (shown === undefined || (typeof shown === "string" ? !raw.includes(shown) : !shown.test(raw))) return;
    toPress.shift();
    process_.write(pressed!);
  });
  const code = await new Promise<number>((resolve) => process_.onExit(({ exitCode }) => resolve(exitCode)));
  await written;
  const { buffer } = terminal;
  const all = Array.from({ length: buffer.active.length }, (_, i) => buffer.active.getLine(i)?.translateToString(true) ?? "");
  const lines = all.slice(0, all.findLastIndex((line) => line !== "") + 1);
  terminal.dispose();
  seen({ code, stdout: raw, stderr: "" });
  return { code, lines, text: lines.join("\n"), raw };
}

/** No secret of the tests may be in what it prints. */
function seen(ended: Ended): Ended {
  emissions.printed([ended.stdout, ended.stderr]);
  return ended;
}
