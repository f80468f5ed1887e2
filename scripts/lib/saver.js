import { rm } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The saver from its sources: a fresh clone has no `dist` yet, and an old one may be older than `src`.
 *
 * @returns {Promise<typeof import("../../src/index.js")>}
 */
export const importSaver = () => importSource("index.ts");

/**
 * A module of `src`. The bundle lies inside the project, so that it finds `node_modules`.
 *
 * @param {string} path within `src`
 * @returns {Promise<any>}
 */
export async function importSource(path) {
  const outfile = `${root}.data/${path.replaceAll("/", "-")}-${process.pid}.mjs`;
  await build({
    entryPoints: [`${root}src/${path}`],
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "neutral",
    target: "es2022",
    outfile,
    logLevel: "silent",
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(outfile, { force: true });
  }
}
