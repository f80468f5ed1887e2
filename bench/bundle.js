import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * What an application's bundle gets that imports one class of this package, minified by esbuild.
 *
 * @param {string} name of the class
 * @param {"index" | "reader"} entry
 * @param {string[]} [external] packages that are left out
 * @returns {Promise<{ text: string, imports: string[], minified: number, gzipped: number }>} what it imports from
 *   packages that are left out, and its sizes in bytes
 */
export async function bundle(name, entry, external = []) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export { ${name} } from "./src/${entry}.ts"`, resolveDir: root },
    external,
    bundle: true,
    minify: true,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "silent", // The error that is thrown says the same.
  });
  const [{ contents, text }] = /** @type {[import("esbuild").OutputFile]} */ (outputFiles);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return {
    text,
    imports: [...new Set(imports)],
    minified: contents.length,
    gzipped: gzipSync(contents, { level: 9 }).length,
  };
}
