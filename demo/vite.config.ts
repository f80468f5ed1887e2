import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";
import { pageHeaders } from "../workers/page-headers.js";

const path = (relative: string) => decodeURI(new URL(relative, import.meta.url).pathname);

/**
 * One page, built for one of two places: by default the agent runs in the page, and with `--mode worker` it is the
 * Worker of `workers/` that the page talks to.
 */
export default defineConfig(({ mode }) => ({
  root: path("."),
  base: "./",
  plugins: [react()],
  resolve: {
    alias: {
      "langgraph-checkpoint-dynamodb/context": path("../src/context.ts"),
      "langgraph-checkpoint-dynamodb/server": path("../src/server.ts"),
      "langgraph-checkpoint-dynamodb": path("../src/index.ts"),
    },
  },
  build: {
    // The Worker serves `dist/worker` as it is, the page at /page/.
    outDir: mode === "worker" ? "dist/worker/page" : "dist/in-page",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's policy takes fonts from files only
    target: "es2022",
    chunkSizeWarningLimit: 2_000, // LangChain's core
  },
  // The Worker sends its own.
  preview: { headers: pageHeaders(loadEnv(mode, path("."))["VITE_DYNAMODB_ENDPOINT"]), cors: false },
}));
