// `npm run test:runtimes`: all tests of behaviour, whole, in every runtime. `-- --lane deno --lane bun` chooses; other
// arguments are those of `npm test`.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { LANES } from "./lib/testing/lanes.js";

const args = process.argv.slice(2);
/** Those that `npm test` does not run whole. */
const others = LANES.filter((lane) => !["node", "oldest-peers"].includes(lane));
const lanes = args.some((arg) => arg.startsWith("--lane")) ? [] : others.map((lane) => `--lane=${lane}`);
const { status } = spawnSync(
  process.execPath,
  [fileURLToPath(new URL("test.js", import.meta.url)), ...lanes, ...args],
  {
    stdio: "inherit",
    env: { ...process.env, WHOLE_SUITE: "1" },
  },
);
process.exit(status ?? 1);
