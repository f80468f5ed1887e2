// `node scripts/long-thread.js [checkpoints]`: imports, inspects, exports, prunes and deletes a thread of 100,000
// checkpoints on DynamoDB Local, and prints how many requests that took, how few it could have been, and the most
// memory that it took.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startDynamoDBLocal } from "./lib/servers/dynamodb-local.js";
import { ensureBuilt } from "./lib/testing/package-build.js";
import { importSaver } from "./lib/saver.js";

// Node takes what memory there is before it collects garbage. With these it cannot.
const limits = ["--max-old-space-size=96", "--max-semi-space-size=2"];
if (!process.execArgv.includes(limits[0] ?? "")) {
  const { status } = spawnSync(process.execPath, [...limits, ...process.argv.slice(1)], { stdio: "inherit" });
  process.exit(status ?? 1);
}
const { DynamoDBSaver } = await importSaver();

const count = Number(process.argv[2] ?? 100_000);
const maxMegabytes = 200;
const kept = 10;
/** Checkpoints that are put. The others have the same content under other ids. */
const real = Math.min(1_000, count);

let requests = 0;
let received = 0;
let peak = 0;
const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
const dynamodb = await startDynamoDBLocal();
let within = true;
try {
  const saver = new DynamoDBSaver({
    tableName: "long-thread",
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    endpoint: dynamodb.endpoint,
    onEvent: (event) => {
      if (event.type !== "request") return;
      requests += event.attempts;
      received += event.bytesReceived;
    },
  });
  await saver.setup();
  await putSteps(saver, "template");
  const items = 2 * count + real;

  await measured("import", Math.ceil(items / 25), () =>
    saver.importThread(clones(saver.exportThread("template")), { threadId: "long" }),
  );
  await inspected("long");
  await measured(
    "export, imported",
    () => Math.ceil(received / 1_048_576) + Math.ceil(items / 25),
    () => saver.importThread(saver.exportThread("long"), { threadId: "again" }),
  );
  await measured(
    "prune",
    () => Math.ceil(received / 1_048_576) + Math.ceil((2 * (count - kept) + real - kept) / 25),
    () => saver.prune({ threadIds: ["again"], keepLast: kept, graceSeconds: 0 }),
  );
  await measured(
    "deleteThread",
    () => Math.ceil(items / 25),
    () => saver.deleteThread("long"),
  );
} finally {
  clearInterval(sampling);
  await dynamodb.stop();
}
console.log(`most memory: ${megabytes(peak)} MB, budget ${maxMegabytes} MB: ${within ? "kept" : "OVER"}`);
if (!within) process.exitCode = 1;

/**
 * @param {string} name
 * @param {number | (() => number)} minimum
 * @param {() => PromiseLike<unknown>} work
 */
async function measured(name, minimum, work) {
  requests = 0;
  received = 0;
  const started = performance.now();
  const timer = setInterval(() => process.stdout.isTTY && process.stdout.write(`\r${name}: ${requests} requests`), 500);
  const result = await work();
  clearInterval(timer);
  const least = typeof minimum === "number" ? minimum : minimum();
  within &&= peak < maxMegabytes * 1_048_576;
  console.log(
    `\r${name}: ${requests} requests, ${(requests / least).toFixed(2)} times the least possible, ` +
      `${((performance.now() - started) / 1_000).toFixed(0)} s, ${megabytes(peak)} MB`,
    result ?? "",
  );
}

/**
 * `inspect --json`, in a process of its own, which is no larger than this one may get.
 *
 * @param {string} threadId
 */
async function inspected(threadId) {
  ensureBuilt();
  const started = performance.now();
  const program = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
  const env = { ...process.env, AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
  const child = spawn(
    process.execPath,
    [...limits, program, "inspect", threadId, "--table", "long-thread", "--endpoint", dynamodb.endpoint, "--json"],
    { env, stdio: ["ignore", "pipe", "inherit"] },
  );
  let lines = 0;
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, memoryOf(child.pid))), 50);
  for await (const _ of createInterface({ input: child.stdout })) lines++;
  clearInterval(timer);
  if (lines !== count) throw new Error(`inspect gave ${lines} lines instead of ${count}.`);
  within &&= most < maxMegabytes * 1_048_576;
  console.log(
    `inspect: ${lines} lines, ${((performance.now() - started) / 1_000).toFixed(0)} s, ${megabytes(most)} MB`,
  );
}

/**
 * What a process has had in memory at most; 0 where that is not known, or it has ended.
 *
 * @param {number | undefined} pid
 */
function memoryOf(pid) {
  try {
    return 1_024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * @param {import("../src/index.js").DynamoDBSaver} saver
 * @param {string} threadId
 */
async function putSteps(saver, threadId) {
  /** @type {import("@langchain/core/runnables").RunnableConfig} */
  let config = { configurable: { thread_id: threadId, checkpoint_ns: "" } };
  for (let n = 0; n < real; n++) {
    const values = { n, document: `${n} `.repeat(1_000) };
    const versions = { n: n + 1, document: n + 1 };
    const checkpoint = {
      v: 4,
      id: idOf(n),
      ts: new Date(0).toISOString(),
      channel_values: values,
      channel_versions: versions,
      versions_seen: {},
    };
    config = await saver.put(config, checkpoint, { source: "loop", step: n, parents: {} }, versions);
    await saver.putWrites(config, [["n", n]], "task");
  }
}

/**
 * The lines of a thread, with each checkpoint and its writes under many ids.
 *
 * @param {AsyncIterable<string>} lines
 */
async function* clones(lines) {
  let items = 0;
  for await (const line of lines) {
    const parsed = JSON.parse(line);
    if (parsed.items !== undefined) yield JSON.stringify({ items });
    else if (parsed.item?.SK.S.startsWith("C#")) {
      const [, , id, ...rest] = parsed.item.SK.S.split("#");
      for (let round = 0; round * real < count; round++) {
        const n = Number(id) + round * real;
        if (n >= count) continue;
        items++;
        yield JSON.stringify({
          item: {
            ...parsed.item,
            SK: { S: ["C", "", idOf(n), ...rest].join("#") },
            ...(parsed.item.parent && { parent: { S: idOf(n - 1) } }),
          },
        });
      }
    } else {
      if (parsed.item) items++;
      yield line;
    }
  }
}

/** @param {number} n */
function idOf(n) {
  return String(n).padStart(12, "0");
}

/** @param {number} bytes */
function megabytes(bytes) {
  return Math.round(bytes / 1_048_576);
}
