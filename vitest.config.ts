import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

/** Tests of behaviour run in every lane; the rest of `tests/` needs Node (child processes, files, servers). */
const behaviour = "tests/behaviour/**/*.test.ts";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

const resolve = {
  // The first that fits the beginning of a name is taken.
  alias: {
    "langgraph-checkpoint-dynamodb/credentials": source("credentials.ts"),
    "langgraph-checkpoint-dynamodb/reader": source("reader.ts"),
    "langgraph-checkpoint-dynamodb": source("index.ts"),
  },
};

const lane = {
  globals: true, // the official validation suite is written for vitest's globals
  setupFiles: ["tests/lanes/table.ts", "tests/lanes/watch-emissions.ts"],
  testTimeout: 120_000, // for a machine that is busy with other things as well
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    globalSetup: "tests/lanes/global-setup.ts",
    maxWorkers: 2,
    retry: 0,
    projects: [
      {
        resolve,
        test: { ...lane, name: "node", include: ["tests/**/*.test.ts"] },
      },
      {
        resolve,
        plugins: [cloudflareTest({ wrangler: { configPath: "tests/lanes/wrangler.toml" } })],
        // No file of these tests keeps state of its own, and a fresh isolate for each takes most of the time.
        test: { ...lane, name: "workerd", include: [behaviour], isolate: false },
      },
    ],
  },
});
