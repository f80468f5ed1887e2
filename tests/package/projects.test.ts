import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleWorker, startWorker } from "../../scripts/lib/demo/worker.js";
import { emptyThread, putStep } from "../lanes/savers/checkpoints.js";
import { createSaver, endpoint, tableName } from "../lanes/savers/harness.js";
import { installPackage, run, tool, type Installed } from "./installed.js";

/* What is published, used in small projects of each kind. */

let installed: Installed;

beforeAll(async () => {
  installed = await installPackage();
}, 120_000);

afterAll(() => installed?.remove());

const project = (name: string): string => join(installed.folder, name);

const env = () => ({
  DYNAMODB_TABLE_NAME: tableName(),
  AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "localSecret",
});

/** What a project's program prints: the values of the checkpoint that it put and then read. */
const used = async (name: string, program: string): Promise<unknown> =>
  JSON.parse(await run(project(name), process.execPath, [program], env()));

/** As the saver and the reader give it. */
const ANSWER = [{ answer: 42 }, { answer: 42 }];

test("the command line runs where the package is installed, with its peers and nothing else", async () => {
  const npx = (...args: string[]) =>
    run(installed.folder, "npx", ["--offline", "langgraph-checkpoint-dynamodb", ...args], env());
  const saver = createSaver({ keyPrefix: "cli#" });
  await putStep(saver, emptyThread("one"), { n: 1 });

  expect(await npx("--help")).toMatch(/^Usage: langgraph-checkpoint-dynamodb /);
  expect(JSON.parse(await npx("threads", "--json", "--key-prefix", "cli#"))).toMatchObject({ threadId: "one" });
  // It comes from a file beside the build.
  expect(await npx("setup", "--print", "cloudformation")).toMatch(/^AWSTemplateFormatVersion/);
});

test("an ESM project puts and reads a checkpoint", async () => {
  expect(await used("esm", "main.js")).toEqual(ANSWER);
});

test("a CommonJS project puts and reads a checkpoint", async () => {
  expect(await used("commonjs", "main.js")).toEqual(ANSWER);
});

test("the guard of the package recognizes the reader's errors, as ESM and as CommonJS", async () => {
  const check = (start: string, more: string) => `${start}
    try { new DynamoDBReader({}); } catch (error) {
      console.log(JSON.stringify([isDynamoDBSaverError(error), error.code${more}]));
    }`;
  const esm = check(
    'import { DynamoDBSaverError, isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb"; import { ' +
      'DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";',
    ", error instanceof DynamoDBSaverError",
  );
  // Each file of that build has classes of its own.
  const commonjs = check(
    'const { isDynamoDBSaverError } = require("langgraph-checkpoint-dynamodb"); const { DynamoDBReader } = ' +
      'require("langgraph-checkpoint-dynamodb/reader");',
    "",
  );
  const printed = (type: string, program: string) =>
    run(installed.folder, process.execPath, [`--input-type=${type}`, "--eval", program]);

  expect(JSON.parse(await printed("module", esm))).toEqual([true, "INVALID_CONFIG", true]);
  expect(JSON.parse(await printed("commonjs", commonjs))).toEqual([true, "INVALID_CONFIG"]);
});

test("a TypeScript project with moduleResolution node16 compiles, as ESM and as CommonJS, and runs", async () => {
  await run(project("typescript-node16"), process.execPath, [tool("typescript7/bin/tsc")]);

  expect(await used("typescript-node16", "dist/main.mjs")).toEqual(ANSWER);
});

test("a TypeScript project with moduleResolution bundler compiles and runs", async () => {
  await run(project("typescript-bundler"), process.execPath, [tool("typescript7/bin/tsc")]);

  expect(await used("typescript-bundler", "dist/main.js")).toEqual(ANSWER);
});

test("a page that Vite built puts and reads a checkpoint", async () => {
  const settings = { VITE_TABLE_NAME: tableName(), VITE_ENDPOINT: endpoint() };
  await run(project("vite"), process.execPath, [tool("vite/bin/vite.js"), "build", "--logLevel=error"], settings);
  const [script] = await readdir(project("vite/dist/assets"));

  expect(await used("vite", `dist/assets/${script}`)).toEqual(ANSWER);
});

test("a Worker without Node compatibility puts and reads a checkpoint", async () => {
  const script = await bundleWorker({ absWorkingDir: project("worker"), entryPoints: ["index.js"] });
  const worker = await startWorker(
    { script, compatibilityDate: "2026-04-01", compatibilityFlags: [], vars: env() },
    { vars: {} },
  );
  try {
    expect(await (await fetch(worker.url)).json()).toEqual(ANSWER);
  } finally {
    await worker.kill();
  }
});
