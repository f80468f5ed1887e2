import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { preview } from "vite";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const configFile = `${root}demo/vite.config.ts`;

/** Where a Worker serves its page: below the folder of its assets. */
export const workerPagePath = "/page/";

/**
 * Builds the page in which the agent runs.
 *
 * @param {{ endpoint: string, tableName: string, outDir: string }} options where the page finds its DynamoDB
 */
export async function buildInPage({ endpoint, tableName, outDir }) {
  await build("production", outDir, { VITE_DYNAMODB_ENDPOINT: endpoint, VITE_TABLE_NAME: tableName });
}

/**
 * Builds the page that talks to the Worker which serves it.
 *
 * @param {string} assets the folder that the Worker serves
 */
export async function buildWorkerPage(assets) {
  await build("worker", `${assets}${workerPagePath}`);
  return assets;
}

/**
 * Serves a page that was built.
 *
 * @param {{ outDir: string, port: number, endpoint: string }} options the one that it was built with
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function servePage({ outDir, port, endpoint }) {
  process.env.VITE_DYNAMODB_ENDPOINT = endpoint; // its configuration lets the page talk to that
  const server = await preview({
    configFile,
    logLevel: "warn",
    build: { outDir },
    preview: { host: "127.0.0.1", port, strictPort: true },
  });
  return { url: `http://127.0.0.1:${port}/`, stop: () => server.close() };
}

/**
 * In a process of its own: Vite takes the kind of build from the environment, which a test runner has set already.
 *
 * @param {"production" | "worker"} mode
 * @param {string} outDir
 * @param {Record<string, string>} [env] what the page finds in `import.meta.env`
 */
async function build(mode, outDir, env) {
  const vite = [
    `${root}node_modules/vite/bin/vite.js`,
    "build",
    "--config",
    configFile,
    "--mode",
    mode,
    "--outDir",
    outDir,
  ];
  const child = spawn(process.execPath, [...vite, "--logLevel", "warn"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env, NODE_ENV: "production" },
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`The page could not be built: ${output.trim()}`);
}
