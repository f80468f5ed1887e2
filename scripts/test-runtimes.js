// `npm run test:runtimes`: all tests of behaviour, whole, in every runtime. `-- --lane deno --lane bun` chooses; other
// arguments go to vitest.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const lanes = ["node22", "node24", "node26", "deno", "bun", "workerd-plain", "chromium"];

/** @type {string[]} */
const chosen = [];
/** @type {string[]} */
const others = [];
const args = process.argv.slice(2);
for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
  if (arg === "--lane") chosen.push(args.shift() ?? "");
  else if (arg.startsWith("--lane=")) chosen.push(arg.slice("--lane=".length));
  else others.push(arg);
}
const unknown = chosen.find((lane) => !lanes.includes(lane));
if (unknown !== undefined) {
  console.error(`There is no lane ${JSON.stringify(unknown)}, only ${lanes.join(", ")}.`);
  process.exit(1);
}
const projects = (chosen.length > 0 ? chosen : lanes).map((lane) => `--project=${lane}`);
const { status } = spawnSync(process.execPath, [fileURLToPath(new URL("test.js", import.meta.url)), ...projects, ...others], {
  stdio: "inherit",
  env: { ...process.env, WHOLE_SUITE: "1" },
});
process.exit(status ?? 1);
