import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { unstable_readConfig } from "wrangler";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * @typedef {object} BuiltWorker what workerd needs to run it
 * @property {string} script
 * @property {string} compatibilityDate
 * @property {string[]} compatibilityFlags
 * @property {Record<string, string>} vars
 */

/**
 * Bundles a Worker as `wrangler deploy` would: the conditions of workerd, no Node builtins.
 *
 * @param {string} [configFile] from the project's folder
 * @returns {Promise<BuiltWorker>}
 */
export async function buildWorker(configFile = "wrangler.toml") {
  const config = unstable_readConfig({ config: root + configFile });
  if (!config.main || !config.compatibility_date) throw new Error(configFile + " lacks main or compatibility_date.");
  return {
    script: await bundleWorker({ absWorkingDir: root, entryPoints: [config.main], alias: config.alias ?? {} }),
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    vars: /** @type {Record<string, string>} */ (config.vars),
  };
}

/**
 * One file for workerd: its conditions, no Node builtins.
 *
 * @param {import("esbuild").BuildOptions} options where the Worker is, and what else is wanted of esbuild
 * @returns {Promise<string>}
 */
export async function bundleWorker(options) {
  const { outputFiles } = await build({
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    target: "es2022",
    logLevel: "silent", // The error that is thrown says the same.
    ...options,
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/**
 * Runs a built Worker in a workerd of its own.
 *
 * @param {BuiltWorker} worker
 * @param {{ port?: number, vars: Record<string, string | undefined>, assets?: string }} options any free port when
 *   none is given; `vars` go over those of wrangler.toml, and undefined takes one away; `assets` is a folder of files
 *   for it
 * @returns {Promise<{ url: string, runCron: () => Promise<void>, kill: () => Promise<void> }>} `runCron` does what its
 *   cron trigger does
 */
export async function startWorker({ script, compatibilityDate, compatibilityFlags, vars }, options) {
  const bindings = Object.entries({ ...vars, ...options.vars }).filter(([, value]) => value !== undefined);
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "index.js", contents: script }],
    compatibilityDate,
    compatibilityFlags,
    bindings: Object.fromEntries(bindings),
    ...(options.assets && {
      assets: {
        directory: options.assets,
        binding: "ASSETS",
        routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
      },
    }),
    host: "127.0.0.1",
    port: options.port ?? 0,
    cf: false, // Otherwise miniflare asks a server of Cloudflare where it is.
  });
  const { origin } = await miniflare.ready;
  const runCron = async () => {
    /** @type {{ scheduled(options: { cron: string }): Promise<{ outcome: string }> }} */
    const worker = /** @type {any} */ (await miniflare.getWorker());
    const { outcome } = await worker.scheduled({ cron: "* * * * *" });
    if (outcome !== "ok") throw new Error(`The cron trigger ended as "${outcome}".`);
  };
  return { url: origin, runCron, kill: () => miniflare.dispose() };
}
