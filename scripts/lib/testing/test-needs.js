import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** @typedef {"dynamodb" | "s3" | "java" | "ceph" | import("./runtimes.js").InstalledRuntime} Need */

const NO_SERVER = "Needs no server.";
const SERVERS = /** @type {const} */ (["dynamodb", "s3"]);

/**
 * What test files need beside Node, found in what they import.
 *
 * - `dynamodb`, `s3`: one that the test run starts
 * - `java`, `ceph`: they start one of their own
 * - names of runtimes, such as `chromium`: they start one
 *
 * A file that says "Needs no server." imports helpers that could use one, and sends no request there.
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
      for (const path of seen)
        for (const { path: imported } of metafile.inputs[path]?.imports ?? [])
          if (own.has(imported)) seen.add(imported);
      const needs = new Set([...seen].flatMap((path) => [...(own.get(path) ?? [])]));
      if (readFileSync(root + file, "utf8").includes(NO_SERVER)) for (const server of SERVERS) needs.delete(server);
      return [file, needs];
    }),
  );
}

/**
 * @param {string} path
 * @returns {Set<Need>}
 */
function ownNeeds(path) {
  if (path === "scripts/lib/servers/dynamodb-local.js") return new Set(["java"]);
  if (path === "scripts/lib/servers/ceph-rgw.js") return new Set(["ceph"]);
  const text = readFileSync(root + path, "utf8");
  /** @type {Set<Need>} */
  const needs = new Set();
  if (text.includes('inject("dynamodbEndpoint")')) needs.add("dynamodb");
  if (text.includes('inject("s3")')) needs.add("s3");
  for (const [, runtime] of text.matchAll(/executableOf\("(\w+)"\)/g)) needs.add(/** @type {Need} */ (runtime));
  return needs;
}
