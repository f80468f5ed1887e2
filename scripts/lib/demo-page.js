import { fileURLToPath } from "node:url";
import { build, preview } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));
const configFile = `${root}demo/vite.config.ts`;

/** Where the Worker finds the page, below its own address. */
export const pagePath = "/page/";

/** The folder whose files the Worker serves: `assets.directory` of wrangler.toml. */
export const workerAssets = `${root}demo/dist/worker`;

/**
 * Builds the page in which the agent runs.
 *
 * @param {{ endpoint: string, tableName: string, outDir?: string }} options where the page finds its DynamoDB
 * @returns {Promise<string>} the folder with the page
 */
export async function buildInPage({ endpoint, tableName, outDir = `${root}demo/dist/in-page` }) {
  await build({
    configFile,
    logLevel: "warn",
    build: { outDir },
    define: {
      "import.meta.env.VITE_DYNAMODB_ENDPOINT": JSON.stringify(endpoint),
      "import.meta.env.VITE_TABLE_NAME": JSON.stringify(tableName),
    },
  });
  return outDir;
}

/** Builds the page that talks to the Worker which serves it. */
export async function buildWorkerPage() {
  await build({ configFile, mode: "worker", logLevel: "warn" });
}

/**
 * Serves a page that was built.
 *
 * @param {{ outDir: string, port: number }} options
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function servePage({ outDir, port }) {
  const server = await preview({
    configFile,
    logLevel: "warn",
    build: { outDir },
    preview: { host: "127.0.0.1", port, strictPort: true },
  });
  return { url: `http://127.0.0.1:${port}/`, stop: () => server.close() };
}
