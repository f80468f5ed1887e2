import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commands, intro, outro } from "./command-line-text.js";
import { program, runInTerminal } from "./cli-terminal.js";
import { ensureBuilt } from "../testing/package-build.js";
import { importSaver } from "../saver.js";

/** @typedef {import("./command-line-text.js").Shown} Shown */

const NAME = "langgraph-checkpoint-dynamodb";
const threads = fileURLToPath(new URL("../../../tests/cli/threads/", import.meta.url));

/**
 * docs/command-line.md: what is said of each command, and screens of it from a run on the threads that
 * `scripts/record-threads.js` has recorded.
 *
 * @param {object} where
 * @param {string} where.endpoint of a DynamoDB
 * @param {{ endpoint: string, accessKeyId: string, secretAccessKey: string }} where.s3
 * @returns {Promise<{ url: URL, name: string, text: string }>}
 */
export async function commandLinePage({ endpoint, s3 }) {
  ensureBuilt();
  const folder = await mkdtemp(join(tmpdir(), "command-line-"));
  // As long as the name that the documentation has in its place: lines are broken where they would be.
  const table = `docs-${crypto.randomUUID().slice(-16)}`;
  const env = {
    DYNAMODB_TABLE_NAME: table,
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    NO_COLOR: "1",
    EDITOR: "sed -i s/249/199/",
  };
  // What is stored while this runs, which may be at midnight.
  const days = [0, 1].map((later) => new Date(Date.now() + later * 86_400_000).toISOString().slice(0, 10));
  /** @type {[from: string | RegExp, to: string][]} what differs from run to run, and is another in the documentation */
  const others = [
    [table, "langgraph-checkpoints"],
    [endpoint.replace(/\/$/, ""), "http://127.0.0.1:8000"],
    [s3.endpoint.replace(/\/$/, ""), "http://127.0.0.1:9000"],
    [/server's to \d+ s/g, "server's to 1 s"],
    [/goes on from [0-9a-f-]{36}, with/g, "goes on from 1f1d6a01-8c4e-6b00-8006-5d0f3c0a7a11, with"],
    [new RegExp(`(${days.join("|")})T[\\d:]{8}Z`, "g"), "2026-11-03T12:00:00Z"],
  ];
  const told = (/** @type {string} */ text) => others.reduce((said, [from, to]) => said.replaceAll(from, to), text);
  const context = { env, cwd: folder, told };
  try {
    const { DynamoDBSaver } = await importSaver();
    await new DynamoDBSaver({ tableName: table, region: "us-east-1", endpoint, credentials: s3 }).setup();
    for (const file of (await readdir(threads)).sort()) await silently(["import", join(threads, file)], context);
    const sections = [];
    for (const [command, about] of Object.entries(commands)) sections.push(await section(command, about, context));
    const index = Object.entries(commands).map(([command, { does }]) => `| [\`${command}\`](#${command}) | ${does} |`);
    const help = runHelp([]).split("\n\nTo see what is there:")[0]?.split("\n\n").slice(3).join("\n\n") ?? "";
    const text = [intro, ["| command | |", "|---|---|", ...index].join("\n"), ...sections, outro(help)].join("\n\n");
    return {
      url: new URL("../../../docs/command-line.md", import.meta.url),
      name: "docs/command-line.md",
      text: `${text}\n`,
    };
  } finally {
    await rm(folder, { recursive: true });
    await deleteTable(endpoint, table);
  }
}

/**
 * @param {string} command
 * @param {import("./command-line-text.js").About} about
 * @param {Where} context
 */
async function section(command, { says, screens, json }, context) {
  const parts = [`## ${command}`, says, block(usageOf(command))];
  for (const screen of screens) parts.push(await shown(screen, context));
  if (json) parts.push(`With \`--json\`: ${json}`);
  return parts.join("\n\n");
}

/** @typedef {{ env: Record<string, string>, cwd: string, told: (text: string) => string }} Where */

/**
 * @param {Shown} screen
 * @param {Where} where
 */
async function shown({ args, columns = 100, keys, before, busy }, { env, cwd, told }) {
  let screen;
  do screen = await runInTerminal(args, { env, cwd, columns, ...(keys && { keys }) });
  while (busy?.test(screen.text));
  const { code, lines } = screen;
  const line = `$ ${NAME} ${args.map(quoted).join(" ")}`;
  const text = told(
    [line, ...lines.map((one) => one.trimEnd()), ...(code === 0 ? [] : [`$ echo $?`, String(code)])].join("\n"),
  );
  return [...(before ? [before] : []), block(text)].join("\n\n");
}

/** What its help says, without the parts that are the same in all. */
const usageOf = (/** @type {string} */ command) =>
  runHelp([command])
    .split("\n\nExample:")[0]
    ?.replace(/\n\n[^]*?\n\n(Arguments|Options)/, "\n\n$1") ?? "";

/** @param {string[]} args */
function runHelp(args) {
  return spawnSync(process.execPath, [program, ...args, "--help"], {
    encoding: "utf8",
    env: { ...process.env, COLUMNS: "100" },
  }).stdout.trimEnd();
}

/**
 * @param {string[]} args
 * @param {Where} where
 */
async function silently(args, { env, cwd }) {
  const { code, text } = await runInTerminal(args, { env, cwd });
  if (code !== 0) throw new Error(`${NAME} ${args.join(" ")} failed: ${text}`);
}

const block = (/** @type {string} */ text) => `\`\`\`text\n${text}\n\`\`\``;
const quoted = (/** @type {string} */ arg) => (/^[\w./:=@+-]+$/.test(arg) ? arg : JSON.stringify(arg));

/**
 * @param {string} endpoint
 * @param {string} TableName
 */
async function deleteTable(endpoint, TableName) {
  const { AwsClient } = await import("aws4fetch");
  const aws = new AwsClient({
    accessKeyId: "local",
    secretAccessKey: "local",
    region: "us-east-1",
    service: "dynamodb",
  });
  await aws.fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.DeleteTable" },
    body: JSON.stringify({ TableName }),
  });
}
