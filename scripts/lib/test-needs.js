import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** @typedef {"dynamodb" | "s3" | "java" | "ceph" | import("./runtimes.js").InstalledRuntime} Need */

/**
 * What test files need beside Node, found in what they import.
 *
 * - `dynamodb`, `s3`: one that the test run starts
 * - `java`, `ceph`: they start one of their own
 * - names of runtimes, such as `chromium`: they start one
 *
 * @param {string[]} files from the project's folder on
 * @returns {Promise<Map<string, Set<Need>>>} by file
 */
export async function needsOf(files) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: files,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    metafile: true,
    write: false,
    outdir: "unused",
    logLevel: "error",
  });
  /** @type {Map<string, Set<Need>>} */
  const own = new Map(Object.keys(metafile.inputs).map((path) => [path, ownNeeds(path)]));
  return new Map(
    files.map((file) => {
      const seen = new Set([file]);
      for (const path of seen) for (const { path: imported } of metafile.inputs[path]?.imports ?? []) if (own.has(imported)) seen.add(imported);
      return [file, new Set([...seen].flatMap((path) => [...(own.get(path) ?? [])]))];
    }),
  );
}

/**
 * @param {string} path
 * @returns {Set<Need>}
 */
function ownNeeds(path) {
  if (path === "scripts/lib/dynamodb-local.js") return new Set(["java"]);
  if (path === "scripts/lib/ceph-rgw.js") return new Set(["ceph"]);
  const text = readFileSync(root + path, "utf8");
  /** @type {Set<Need>} */
  const needs = new Set();
  if (text.includes('inject("dynamodbEndpoint")')) needs.add("dynamodb");
  if (text.includes('inject("s3")')) needs.add("s3");
  for (const [, runtime] of text.matchAll(/executableOf\("(\w+)"\)/g)) needs.add(/** @type {Need} */ (runtime));
  return needs;
}
