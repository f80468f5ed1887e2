import { spawn } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { atEndOfProcess } from "../servers/daemon.js";
import { startEmbeddedDynamoDB } from "../servers/embedded-dynamodb.js";
import { credentials, startEmbeddedS3 } from "../servers/embedded-s3.js";
import { ensureBuilt } from "../testing/package-build.js";
import { claimPort } from "../servers/ports.js";
import { serveLambda, servePage, serveWorker } from "./serve-examples.js";
import { ensureRuntimes, executableOf } from "../testing/runtimes.js";

/** @import { Example, Play } from "./examples.js" */

const root = fileURLToPath(new URL("../../../", import.meta.url));
const tableName = "langgraph-checkpoints";
const bucket = "langgraph-checkpoints";

/**
 * @param {string} name
 * @param {Example} example
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function runExample(name, example, args) {
  ensureBuilt();
  const folder = `${process.env.EXAMPLES_DATA ?? `${root}.data/examples`}/${name}`;
  if (args.length === 0 && !example.keeps) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await printRequests(example);

  const dynamodb = await startEmbeddedDynamoDB({
    path: `${folder}/dynamodb`,
    port: await claimPort(0, "the embedded DynamoDB"),
  });
  const s3 = await startEmbeddedS3({ path: `${folder}/s3`, port: 0, bucket });
  const env = {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    // In the place of those in ~/.aws.
    AWS_SHARED_CREDENTIALS_FILE: `${root}examples/shared-config-profile/config`,
    AWS_CONFIG_FILE: `${root}examples/shared-config-profile/config`,
    AWS_PROFILE: "work",
    DYNAMODB_TABLE_NAME: tableName,
    AGENT_TOKEN: process.env.AGENT_TOKEN ?? "local-token",
  };
  try {
    const { main, runtime } = example;
    if (runtime === "workerd") {
      const r2 = {
        R2_ENDPOINT: s3.endpoint,
        R2_BUCKET: bucket,
        R2_ACCESS_KEY_ID: credentials.accessKeyId,
        R2_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      };
      return await untilStopped(await serveWorker(main, { ...env, ...r2 }));
    }
    if (runtime === "lambda") return await untilStopped(await serveLambda(main, env));
    if (runtime === "page") {
      const server = [process.execPath, `${root}examples/server-node/index.js`];
      const page = { main, outDir: `${folder}/page`, server, env: { ...ownEnv(), ...env } };
      return await untilStopped(await servePage(page));
    }
    const [command = "", ...before] = await commandOf(example);
    const run = (/** @type {string[]} */ more) =>
      runProcess(command, [...before, ...more], { cwd: folder, env: { ...ownEnv(), ...env } });
    if (args.length > 0 || !example.plays) return toExitCode(await run(args));
    return await play(name, example.plays, run);
  } finally {
    await Promise.all([dynamodb.stop(), s3.stop()]);
  }
}

/**
 * How a server is tried stands at the head of its file; somebody who has just started it has not read that.
 *
 * @param {Example} example
 */
async function printRequests({ main }) {
  const text = await readFile(`${root}examples/${main}`, "utf8");
  const port = Number(process.env.PORT ?? 0);
  const requests = Array.from(text.matchAll(/^\/\/ {3}(curl (?:.+\\\n)*.+)$/gm), ([, request = ""]) =>
    (port > 0 ? request.replace(/(127\.0\.0\.1):\d+/, `$1:${port}`) : request).replaceAll("\n//   ", "\n  "),
  );
  if (requests.length > 0)
    console.log(
      ["Try it in another terminal; Ctrl-C ends it.", "", ...requests.map((request) => `  ${request}`), ""].join("\n"),
    );
}

/**
 * @param {string} name
 * @param {Play[]} plays
 * @param {(args: string[]) => Promise<number | string>} run
 */
async function play(name, plays, run) {
  for (const { args, ends = 0 } of plays) {
    console.log(`\n$ ${[name, ...args].map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(" ")}`);
    const ended = await run(args);
    if (stopped) return 0;
    if (ended !== ends) throw new Error(`it ended with ${ended}, not with ${ends}.`);
    if (ended === "SIGKILL") console.log("  (the process was killed)");
  }
  return 0;
}

/**
 * @param {Example} example
 * @returns {Promise<string[]>}
 */
async function commandOf({ runtime, main }) {
  const file = `${root}examples/${main}`;
  if (runtime === "deno" || runtime === "bun") await ensureRuntimes([runtime]);
  switch (runtime) {
    case "deno":
      return [
        executableOf("deno"),
        "run",
        "--no-prompt",
        "--no-remote",
        "--node-modules-dir=manual",
        "--allow-net=127.0.0.1",
        "--allow-env=AWS_*,DYNAMODB_*,LANGGRAPH_*,AGENT_TOKEN,PORT",
        "--allow-sys=homedir",
        "--unstable-cron",
        file,
      ];
    case "bun":
      return [executableOf("bun"), file];
    default:
      return [process.execPath, file];
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number | string>} exit code, or the signal that ended it
 */
function runProcess(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: "inherit" });
  const forget = atEndOfProcess(() => void child.kill());
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      forget();
      resolve(stopped ? 0 : (code ?? signal ?? 1));
    });
  });
}

/** @param {import("./serve-examples.js").Served} served */
async function untilStopped({ url, stop }) {
  console.log(`Listening at ${url}`);
  await whenStopped;
  await stop();
  return 0;
}

/** Nothing of the user's own AWS: an example never leaves this machine. */
const ownEnv = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_")));

/** @param {number | string} ended */
const toExitCode = (ended) => (typeof ended === "number" ? ended : 1);

let stopped = false;

/** Ctrl-C, or whoever started this. */
const whenStopped = new Promise((resolve) => {
  const stop = () => {
    stopped = true;
    resolve(undefined);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
});
