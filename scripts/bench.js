// `npm run bench`: what the saver costs on DynamoDB Local, beside MemorySaver.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startDynamoDBLocal } from "./lib/dynamodb-local.js";
import { ensureInstalled } from "./lib/install.js";

const root = fileURLToPath(new URL("..", import.meta.url));

try {
  ensureInstalled();
  execFileSync(process.execPath, ["node_modules/tsup/dist/cli-default.js"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const dynamodb = await startDynamoDBLocal();
  try {
    const { bench } = await import("../bench/index.js");
    await bench(dynamodb);
  } finally {
    await dynamodb.stop();
  }
} catch (error) {
  console.error(`bench failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
