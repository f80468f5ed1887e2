import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** For `tests/secrets-search.test.ts`: what the search for secrets makes of tests that give some out. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  resolve: {
    alias: { "langgraph-checkpoint-dynamodb": fileURLToPath(new URL("../../src/index.ts", import.meta.url)) },
  },
  test: { include: ["tests/leaks/*.leak.ts"], setupFiles: ["tests/lanes/run/watch-emissions.ts"] },
});
