import { bundle } from "./bundle.js";
import { CEILINGS } from "./ceilings.js";
import { heading, tableOf } from "./print.js";

const LANGCHAIN = ["@langchain/*"];

/**
 * What the saver adds to a Worker that has LangGraph already (own code, aws4fetch and fflate), and what LangChain adds
 * to a page.
 * @param {import("./budgets.js").Budgets} budgets
 */
export async function printBundleSize(budgets) {
  heading("The bundle, minified by esbuild");
  const rows = {
    "own code": await bundle("DynamoDBSaver", "index", [...LANGCHAIN, "aws4fetch", "fflate"]),
    "with aws4fetch and fflate": await bundle("DynamoDBSaver", "index", LANGCHAIN),
    "with LangChain's base class too": await bundle("DynamoDBSaver", "index"),
    "the reader, whole": await bundle("DynamoDBReader", "reader"),
  };
  const table = tableOf("part", "bytes", "gzip -9");
  for (const [part, { minified, gzipped }] of Object.entries(rows)) table.push([part, minified, gzipped]);
  console.log(table.toString());
  const { gzipped } = rows["with aws4fetch and fflate"];
  console.log(`budget ${CEILINGS.saver} bytes: ${budgets.judge("bundle of the saver", gzipped, CEILINGS.saver)}`);
}
