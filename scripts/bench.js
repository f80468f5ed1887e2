// `npm run bench`: what the saver costs on DynamoDB Local and an embedded S3, beside MemorySaver.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startDynamoDBLocal } from "./lib/servers/dynamodb-local.js";
import { ensureInstalled } from "./lib/install.js";

const root = fileURLToPath(new URL("..", import.meta.url));

try {
  ensureInstalled();
  execFileSync(process.execPath, ["node_modules/tsup/dist/cli-default.js"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const { bench } = await import("../bench/index.js");
  const { credentials, startEmbeddedS3 } = await import("./lib/servers/embedded-s3.js");
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const [dynamodb, s3] = await Promise.all([
    startDynamoDBLocal(),
    startEmbeddedS3({ path: folder, port: 0, bucket: "bench" }),
  ]);
  try {
    await bench({ dynamodb, s3, credentials });
  } finally {
    await Promise.all([dynamodb.stop(), s3.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
} catch (error) {
  console.error(`bench failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
