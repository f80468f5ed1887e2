import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { readDocuments } from "../../scripts/lib/docs/documents.js";
import { startWorker } from "../../scripts/lib/demo/worker.js";
import { root, run, tool } from "./installed.js";

/* The programs of docs/runtimes.md, each in a folder of its own. */

/**
 * Writes the files that a section shows, by the names behind their fences.
 * @param change makes a text fit the test: its table, and its endpoint where nothing else says it
 */
export async function writeSection(heading: string, folder: string, change: (text: string) => string): Promise<void> {
  const documents = await readDocuments();
  const page = await readFile(join(root, "docs/runtimes.md"), "utf8");
  const from = lineOf(page, `## ${heading}`);
  const to = lineOf(page, "## ", from + 1);
  const files = documents
    .find(({ path }) => path === "docs/runtimes.md")!
    .blocks.filter(
      ({ place, mark }) => mark !== "" && Number(place.split(":")[1]) > from && Number(place.split(":")[1]) < to,
    );
  if (files.length === 0) throw new Error(`docs/runtimes.md has no program below "${heading}".`);
  await mkdir(folder, { recursive: true });
  // As a project that installed the package: Deno looks for packages where a package.json names one.
  await cp(join(folder, "../esm/package.json"), join(folder, "package.json"));
  await Promise.all(files.map(({ mark, text }) => writeFile(join(folder, mark), change(text))));
}

function lineOf(text: string, beginning: string, after = 0): number {
  const at = text.split("\n").findIndex((line, i) => i >= after && line.startsWith(beginning));
  return at < 0 ? Infinity : at + 1;
}

/** The flags of Deno that a document states, for the program of that name. */
export function denoFlags(text: string, program: string): string[] {
  const line = new RegExp(`deno run (.+?) ${program.replace(".", "\\.")}`).exec(text)?.[1];
  if (!line) throw new Error(`There is no "deno run … ${program}" in the text.`);
  return Array.from(line.matchAll(/"([^"]+)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain!);
}

/**
 * Bundles a Worker by wrangler itself, as `wrangler deploy` does: what it takes of LangGraph, only wrangler decides.
 */
export async function bundleByWrangler(folder: string): Promise<string> {
  await run(
    folder,
    process.execPath,
    [tool("wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--minify", "--outdir=out"],
    { WRANGLER_SEND_METRICS: "false" },
  );
  const { main = "" } = unstable_readConfig({ config: join(folder, "wrangler.toml") });
  return readFile(join(folder, "out", main.replace(/^.*\/|\.ts$/g, "").replace(/\.js$/, "") + ".js"), "utf8");
}

/** What a Worker answers that is started for one request, and ends after it. */
export async function requestOnce(
  folder: string,
  script: string,
  vars: Record<string, string>,
  path: string,
): Promise<unknown> {
  const { compatibility_date = "", compatibility_flags } = unstable_readConfig({
    config: join(folder, "wrangler.toml"),
  });
  const worker = await startWorker(
    { script, compatibilityDate: compatibility_date, compatibilityFlags: compatibility_flags, vars },
    { vars: {} },
  );
  try {
    const answer = await fetch(worker.url + path, { method: "POST" });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return JSON.parse(text) as unknown;
  } finally {
    await worker.kill();
  }
}
