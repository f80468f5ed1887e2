// `npm run typecheck`: each room by itself, because each runs in a place of its own, and the programs of the docs with
// them.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readDocuments } from "./lib/docs/documents.js";
import { removeExamples, writeExample } from "./lib/docs/documented-programs.js";

const root = fileURLToPath(new URL("..", import.meta.url));
// `typescript` itself is the version that can still be used by other programs, such as the one that writes the
// declarations.
const tsc = fileURLToPath(new URL("../node_modules/typescript7/bin/tsc", import.meta.url));
const projects = [
  "src",
  "src/cli",
  "workers",
  "demo",
  ".",
  "examples/deno",
  "examples/bun",
  "examples/worker-r2",
  "examples/server-deno",
  "examples/server-react",
  "tests/frameworks/programs",
];

removeExamples();
for (const { blocks } of await readDocuments()) {
  for (const block of blocks) if (/^run\b/.test(block.mark)) writeExample(block);
}
for (const project of projects) {
  const { status } = spawnSync(process.execPath, [tsc, "-p", project], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
