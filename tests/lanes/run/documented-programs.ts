import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { transform } from "esbuild";
import type { Block } from "../../../scripts/lib/docs/documents.js";
import { emptyThread, putStep } from "../savers/checkpoints.js";
import { createSaver, credentials, endpoint } from "../savers/harness.js";
import { deleteTable } from "../stored/raw-setup.js";

/** The name of a block's file, which says where the block stands. */
export const nameOf = ({ place }: Block): string => place.replace(/\W+/g, "-");

/** A block as a program of its own: a fragment is completed by what its comment gives. */
export const programOf = ({ given, text }: Block): string =>
  `${given === undefined ? "" : `${given}\n\n`}${text}\n\nexport {};\n`;

/**
 * Runs a whole program as its reader would, in a Node of its own, in a folder where the package is installed; only the
 * table is another one.
 * @returns what it printed, on both streams
 */
export async function runProgram(block: Block, folder: string): Promise<{ code: number | null; printed: string }> {
  const tableName = `docs-${crypto.randomUUID()}`;
  const cwd = join(folder, `run-${nameOf(block)}`);
  await mkdir(cwd);
  // Node 20 does not run TypeScript.
  const { code } = await transform(block.text.replaceAll('"langgraph-checkpoints"', JSON.stringify(tableName)), {
    loader: "ts",
    format: "esm",
    target: "node20",
  });
  await writeFile(join(cwd, "program.mjs"), code);
  if (block.mark === "run thread") {
    const saver = createSaver({ tableName, keyPrefix: "" });
    await saver.setup();
    await putStep(saver, emptyThread("1"), { n: 1 });
  }
  const { accessKeyId, secretAccessKey } = credentials();
  const env = {
    PATH: process.env.PATH,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const ended = await new Promise<{ code: number | null; printed: string }>((resolve) => {
    const child = spawn(process.execPath, ["program.mjs"], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 100_000,
    });
    let printed = "";
    child.stdout.on("data", (chunk) => (printed += chunk));
    child.stderr.on("data", (chunk) => (printed += chunk));
    child.on("close", (code) => resolve({ code, printed }));
  });
  await deleteTable(tableName);
  return ended;
}

/** What is wrong with the syntax of a block, which need not be a whole program. */
export async function syntaxErrorOf({ place, text }: Block): Promise<string[]> {
  return transform(text, { loader: "ts", format: "esm", logLevel: "silent" }).then(
    () => [],
    (error: Error) => [`${place}: ${error.message}`],
  );
}
