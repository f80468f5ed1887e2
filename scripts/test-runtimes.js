// `npm run test:runtimes`: all tests of behaviour, whole, in every runtime. `-- --lane deno --lane bun` chooses; other
// arguments go to vitest.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const lanes = ["node22", "node24", "node26", "deno", "bun", "workerd-plain", "chromium"];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { lane: { type: "string", multiple: true, default: lanes } } });
const unknown = values.lane.find((lane) => !lanes.includes(lane));
if (unknown) {
  console.error(`There is no lane ${JSON.stringify(unknown)}, only ${lanes.join(", ")}.`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, [fileURLToPath(new URL("test.js", import.meta.url)), ...values.lane.map((lane) => `--project=${lane}`), ...positionals], {
  stdio: "inherit",
  env: { ...process.env, WHOLE_SUITE: "1" },
});
process.exit(status ?? 1);
