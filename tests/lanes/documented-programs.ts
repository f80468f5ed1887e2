import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import type { Block } from "../../scripts/lib/documents.js";
import { writeExample } from "../../scripts/lib/documented-programs.js";
import { credentials, endpoint } from "./harness.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Runs a whole program as its reader would, in a Node of its own; only the table is another one.
 * @returns what it printed, on both streams
 */
export async function runExample(block: Block, tableName: string): Promise<{ code: number | null; printed: string }> {
  const text = block.text.replaceAll('"langgraph-checkpoints"', JSON.stringify(tableName));
  const file = writeExample({ ...block, place: `${tableName}-${block.place}`, text });
  const outfile = file.replace(/\.mts$/, ".mjs");
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: "external",
    alias: { "langgraph-checkpoint-dynamodb": `${root}src/index.ts` },
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "silent",
  });
  const { accessKeyId, secretAccessKey } = credentials();
  const env = { PATH: process.env.PATH, AWS_ENDPOINT_URL_DYNAMODB: endpoint(), AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [outfile], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], timeout: 100_000 });
    let printed = "";
    child.stdout.on("data", (chunk) => (printed += chunk));
    child.stderr.on("data", (chunk) => (printed += chunk));
    child.on("close", (code) => resolve({ code, printed }));
  });
}

/** What is wrong with the syntax of a block, which need not be a whole program. */
export async function syntaxErrorOf({ place, text }: Block): Promise<string[]> {
  return transform(text, { loader: "ts", format: "esm", logLevel: "silent" }).then(
    () => [],
    (error: Error) => [`${place}: ${error.message}`],
  );
}
