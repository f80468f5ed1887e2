// `npm run docs:site`: makes a site of the Markdown files, with a search, in .cache/site/dist.
//   -- --base /checkpoint/  for a site that does not lie at the root of its server
//   -- --serve              shows it on this machine, until Ctrl-C
import { parseArgs } from "node:util";
import { ensureInstalled } from "./lib/install.js";

try {
  const { values } = parseArgs({ options: { base: { type: "string" }, serve: { type: "boolean" } } });
  ensureInstalled();
  const { buildSite, builtSite } = await import("./lib/site/build.js");
  await buildSite(values.base);
  console.log(`wrote ${builtSite}`);
  if (values.serve) {
    const { serveSite } = await import("./lib/site/serve.js");
    const { url } = await serveSite(builtSite, values.base);
    console.log(`It is at ${url}. Ctrl-C ends it.`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
