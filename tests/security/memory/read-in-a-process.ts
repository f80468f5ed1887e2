import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { MEBIBYTE } from "./stored-items.js";
import type { StoredItem } from "./table-of-items.js";

/* Starts `read.ts` beside this, for one reading. */

/** What a Worker has for everything. */
export const ALLOWED_MEBIBYTES = 128;

const root = fileURLToPath(new URL("../../../", import.meta.url));
let folder: string;

/** Bundles what reads. */
export async function buildReader(): Promise<void> {
  await mkdir(join(root, ".cache"), { recursive: true });
  // Here packages are found.
  folder = await mkdtemp(join(root, ".cache/memory-"));
  const source = (name: string): string => join(root, "src", name);
  await build({
    entryPoints: [join(root, "tests/security/memory/read.ts")],
    outfile: join(folder, "read.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    alias: { "langgraph-checkpoint-dynamodb": source("index.ts") },
    external: ["@langchain/*", "aws4fetch", "fflate"],
    logLevel: "silent",
  });
}

export const removeReader = (): Promise<void> => rm(folder, { recursive: true, force: true });

interface Outcome {
  /** `done`, or the code of an error. */
  outcome: string;
  mebibytes: number;
}

/** @param times how often each item is there, with a number for the `*` in its sort key */
export async function read(
  reading: string,
  items: StoredItem[],
  maxValueBytes = 64 * MEBIBYTE,
  times = 1,
): Promise<Outcome> {
  const file = join(folder, `${crypto.randomUUID()}.json`);
  await writeFile(file, JSON.stringify(items));
  // As much as V8 has in a Worker: so it collects what nobody holds, and does not wait for the rest of this machine's
  // memory.
  const limits = ["--max-old-space-size=64", "--max-semi-space-size=4"];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...limits,
    join(folder, "read.mjs"),
    reading,
    file,
    String(maxValueBytes),
    String(times),
  ]);
  return JSON.parse(stdout) as Outcome;
}
