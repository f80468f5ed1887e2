import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./lib/install.js";
import { readOptions, readPort } from "./lib/options.js";
import { assertPortFree } from "./lib/servers/ports.js";
import { runProgram } from "./lib/program.js";

/** @import { Program } from "./lib/program.js" */

// Nothing but Node is imported above the install: a fresh clone has nothing else.

const HELP = `npm run demo:browser -- [options]

Starts an embedded DynamoDB that a page may talk to, and serves a page in which a LangGraph agent runs.

  --port N             port of the page (5173)
  --dynamodb-port N    port of the embedded DynamoDB (8790)
  --data FOLDER        where the threads are kept (.data/browser); delete it to start afresh
  --help               this text`;

const tableName = "langgraph-checkpoints";

runProgram("npm run demo:browser", main);

/** @param {Program} program */
async function main({ cleanups }) {
  const options = askedFor();
  if (options.help) return console.log(HELP);
  ensureInstalled();
  const { buildInPage, servePage } = await import("./lib/demo/demo-page.js");
  const { startEmbeddedDynamoDB } = await import("./lib/servers/embedded-dynamodb.js");
  const { credentials } = await import("./lib/servers/embedded-s3.js");
  const { importSaver } = await import("./lib/saver.js");
  const { heading, print, say } = await import("./lib/docs/terminal.js");

  await assertPortFree(options.port, "the page", "npm run demo:browser -- --port");
  await assertPortFree(options.dynamodbPort, "the embedded DynamoDB", "npm run demo:browser -- --dynamodb-port");

  heading("A LangGraph agent in the browser");
  const dynamodb = await startEmbeddedDynamoDB({
    path: join(options.data, "dynamodb"),
    port: options.dynamodbPort,
    origins: ["127.0.0.1", "localhost"].map((name) => `http://${name}:${options.port}`),
  });
  cleanups.push(dynamodb.stop);
  const { DynamoDBSaver } = await importSaver();
  const { table } = await new DynamoDBSaver({
    tableName,
    region: "us-east-1",
    credentials,
    endpoint: dynamodb.endpoint,
  }).setup();
  say(
    "dynamodb",
    `dynalite at ${dynamodb.endpoint}, kept in ${relative(process.cwd(), options.data) || "."}; table ` +
      `${table.name} ${table.status}`,
  );

  const outDir = join(options.data, "page");
  await buildInPage({ endpoint: dynamodb.endpoint, tableName, outDir });
  const page = await servePage({ outDir, port: options.port, endpoint: dynamodb.endpoint });
  cleanups.push(page.stop);
  say("page", page.url);
  print();
  print("Open it in a browser. The agent runs in the page; reload it at any time. Ctrl-C ends this.");
  print();
}

function askedFor() {
  const values = readOptions("npm run demo:browser", {
    port: { type: "string", default: "5173" },
    "dynamodb-port": { type: "string", default: "8790" },
    data: { type: "string", default: fileURLToPath(new URL("../.data/browser", import.meta.url)) },
    help: { type: "boolean", short: "h", default: false },
  });
  const port = readPort("--port", values.port);
  const dynamodbPort = readPort("--dynamodb-port", values["dynamodb-port"]);
  if (port === dynamodbPort)
    throw new Error(`--port and --dynamodb-port are both ${port}. They must be two different ports.`);
  return { help: values.help, port, dynamodbPort, data: resolve(values.data) };
}
