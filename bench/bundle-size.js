import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { heading, tableOf } from "./print.js";

const BUDGET = 20_480;
const entry = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** What the saver adds to a Worker that has LangGraph already: own code, aws4fetch and fflate. */
export async function printBundleSize() {
  heading("The bundle: minified by esbuild, without LangChain");
  const own = await bytesOf(["@langchain/*", "aws4fetch", "fflate"]);
  const all = await bytesOf(["@langchain/*"]);
  const table = tableOf("part", "bytes", "gzip -9");
  table.push(["own code", own.minified, own.gzipped], ["with aws4fetch and fflate", all.minified, all.gzipped]);
  console.log(table.toString());
  console.log(`budget ${BUDGET} bytes: ${all.gzipped <= BUDGET ? "kept" : `OVER by ${all.gzipped - BUDGET}`}`);
  return all.gzipped <= BUDGET;
}

/** @param {string[]} external */
async function bytesOf(external) {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", platform: "neutral", mainFields: ["module", "main"], target: "es2022", external, write: false });
  const [{ contents }] = /** @type {[import("esbuild").OutputFile]} */ (outputFiles);
  return { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length };
}
