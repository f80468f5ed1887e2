import { randomBytes } from "node:crypto";
import { join, relative, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./lib/install.js";
import { readOptions, readPort } from "./lib/options.js";
import { assertPortFree } from "./lib/servers/ports.js";
import { runProgram } from "./lib/program.js";

/** @import { Program } from "./lib/program.js" */

// Nothing but Node is imported above the install: a fresh clone has nothing else.

const HELP = `npm start -- [options]

Starts an embedded DynamoDB and S3 and the agent in workerd, shows the agent at work, and keeps serving it.

  --once               end after the demonstration
  --port N             port of the Worker (8787)
  --dynamodb-port N    port of the embedded DynamoDB (8788)
  --s3-port N          port of the embedded S3 (8789)
  --data FOLDER        where the threads are kept (.data); delete it to start afresh
  --help               this text

MODEL_BASE_URL, MODEL_API_KEY and MODEL_NAME let an OpenAI-compatible model answer after the demonstration.`;

const tableName = "langgraph-checkpoints";
const bucket = "langgraph-checkpoints";
/** Whose threads the page shows. */
const user = "you";
const tokenHours = 7 * 24;

runProgram("npm start", main);

/** @param {Program} program */
async function main({ cleanups, end }) {
  const options = askedFor();
  if (options.help) return console.log(HELP);
  ensureInstalled();
  const { startEmbeddedDynamoDB } = await import("./lib/servers/embedded-dynamodb.js");
  const { credentials, startEmbeddedS3 } = await import("./lib/servers/embedded-s3.js");
  const { RawStorage } = await import("./lib/raw-storage.js");
  const { importSaver } = await import("./lib/saver.js");
  const { heading, print, say } = await import("./lib/docs/terminal.js");
  const { buildWorker, startWorker } = await import("./lib/demo/worker.js");
  const { buildWorkerPage, workerPagePath } = await import("./lib/demo/demo-page.js");
  const { keyPrefixOf, makeToken } = await import("./lib/demo/token.js");
  const { demonstrate } = await import("./lib/demo/demo.js");

  await assertPortFree(options.port, "the Worker", "npm start -- --port");
  await assertPortFree(options.dynamodbPort, "the embedded DynamoDB", "npm start -- --dynamodb-port");
  await assertPortFree(options.s3Port, "the embedded S3", "npm start -- --s3-port");

  heading("LangGraph on DynamoDB");
  const dynamodb = await startEmbeddedDynamoDB({ path: join(options.data, "dynamodb"), port: options.dynamodbPort });
  cleanups.push(dynamodb.stop);
  const s3 = await startEmbeddedS3({ path: join(options.data, "s3"), port: options.s3Port, bucket });
  cleanups.push(s3.stop);

  // dynalite takes any pair.
  const { DynamoDBSaver } = await importSaver();
  const saver = new DynamoDBSaver({ tableName, region: "us-east-1", credentials, endpoint: dynamodb.endpoint });
  const { table } = await saver.setup();
  const kept = relative(process.cwd(), options.data) || ".";
  say("dynamodb", `dynalite at ${dynamodb.endpoint}, kept in ${kept}; table ${table.name} ${table.status}`);
  say("s3", `s3rver at ${s3.endpoint}, kept in ${kept}; bucket ${bucket}`);

  const [built, assets] = await Promise.all([buildWorker(), buildWorkerPage(join(options.data, "assets"))]);
  const hosts = [`127.0.0.1:${options.port}`, `localhost:${options.port}`];
  // Another one at each start: a token is worth nothing afterwards.
  const secret = randomBytes(32).toString("base64url");
  const tokenOf = (/** @type {string} */ name) => makeToken({ secret, user: name, hours: tokenHours });
  const vars = {
    AUTH_SECRET: secret,
    ALLOWED_HOSTS: hosts.join(),
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    DYNAMODB_TABLE_NAME: tableName,
    S3_BUCKET: bucket,
    MODEL_BASE_URL: undefined,
    MODEL_API_KEY: undefined,
  };
  /** @type {Awaited<ReturnType<typeof startWorker>> | undefined} */
  let worker;
  const killWorker = async () => {
    const running = worker;
    worker = undefined;
    await running?.kill();
  };
  /** @param {Record<string, string | undefined>} [more] */
  const launchWorker = async (more) => {
    worker = await startWorker(built, { port: options.port, vars: { ...vars, ...more }, assets });
  };
  cleanups.push(killWorker);
  await launchWorker();
  const url = `http://${hosts[0]}`;
  const token = await tokenOf(user);
  // What comes after # is not sent to any server, and the page takes it out of the address.
  const page = `${url}${workerPagePath}#token=${token}`;
  say("worker", `workerd at ${url}, no Node compatibility`);
  say("page", `${page} shows its threads in a browser, to whoever has this link`);

  const now = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
  const thread = `demo-${now}-${randomBytes(2).toString("hex")}`;
  const storage = new RawStorage({
    credentials,
    dynamodb: { endpoint: dynamodb.endpoint, tableName, keyPrefix: keyPrefixOf(user) },
    s3,
  });
  await demonstrate({ url, tokenOf, user, thread, storage, killWorker, startWorker: () => launchWorker() });
  if (options.once) return end(0);

  // The demonstration plays a fixed part; a model of one's own takes over afterwards.
  const { MODEL_BASE_URL, MODEL_API_KEY, MODEL_NAME } = process.env;
  if (MODEL_BASE_URL && MODEL_API_KEY) {
    await killWorker();
    await launchWorker({ MODEL_BASE_URL, MODEL_API_KEY, MODEL_NAME });
  }

  heading("It keeps running. The page above shows its threads. Or try it in another terminal; Ctrl-C ends it");
  const run = `curl -NH "$auth" ${url}/threads/mine/runs/stream --json`;
  for (const line of [
    `auth='authorization: Bearer ${token}'`,
    `${run} '{"assistant_id": "agent", "if_not_exists": "create", "stream_mode": "updates", "input": {"messages": ` +
      `[{"role": "user", "content": "Please refund order 1043"}]}}'`,
    `${run} '{"assistant_id": "agent", "stream_mode": "updates", "command": {"resume": {"approve": true}}}'`,
    `curl -H "$auth" ${url}/threads/mine/state`,
    `curl -H "$auth" ${url}/threads/mine/state --json '{"as_node": "agent", "values": {"document": {"name": ` +
      `"my.log", "text": "E-417"}}}'`,
    `curl -H "$auth" ${url}/threads/${thread}/history`,
    `${run} '{"assistant_id": "agent", "stream_mode": "updates", "checkpoint_id": "one of the history"}'`,
    `curl -H "$auth" ${url}/threads/search --json '{}'`,
    `curl -H "$auth" -X DELETE ${url}/threads/mine`,
  ]) {
    print(line);
  }
  print();
  print("It is the API of LangGraph's own server, so LangGraph's clients work as they are:");
  print(`new Client({ apiUrl: "${url}", defaultHeaders: { authorization: "Bearer …" } })`);
  print();
  await watch(url);
}

/**
 * Notices when workerd is no more, which miniflare does not tell.
 *
 * @param {string} url
 */
async function watch(url) {
  for (;;) {
    await setTimeout(1_000);
    try {
      await fetch(`${url}/ok`, { signal: AbortSignal.timeout(10_000) });
    } catch (error) {
      throw new Error("The Worker has crashed: workerd does not answer any more.", { cause: error });
    }
  }
}

function askedFor() {
  const values = readOptions("npm start", {
    once: { type: "boolean", default: false },
    port: { type: "string", default: "8787" },
    "dynamodb-port": { type: "string", default: "8788" },
    "s3-port": { type: "string", default: "8789" },
    data: { type: "string", default: fileURLToPath(new URL("../.data", import.meta.url)) },
    help: { type: "boolean", short: "h", default: false },
  });
  const port = readPort("--port", values.port);
  const dynamodbPort = readPort("--dynamodb-port", values["dynamodb-port"]);
  const s3Port = readPort("--s3-port", values["s3-port"]);
  if (new Set([port, dynamodbPort, s3Port]).size < 3) {
    throw new Error(
      `--port ${port}, --dynamodb-port ${dynamodbPort} and --s3-port ${s3Port} must be three different ports.`,
    );
  }
  return { once: values.once, help: values.help, port, dynamodbPort, s3Port, data: resolve(values.data) };
}
