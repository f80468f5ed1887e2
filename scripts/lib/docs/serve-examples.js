import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { atEndOfProcess } from "../servers/daemon.js";
import { claimPort } from "../servers/ports.js";

/* The examples that are served by something else than a program of their own. */

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * @typedef {object} Served
 * @property {string} url
 * @property {() => Promise<void>} stop
 */

/**
 * A Worker, in workerd.
 *
 * @param {string} main within `examples/`
 * @param {Record<string, string>} vars
 * @returns {Promise<Served>}
 */
export async function serveWorker(main, vars) {
  const { buildWorker, startWorker } = await import("../demo/worker.js"); // takes a second
  const built = await buildWorker(`examples/${main.replace(/[^/]+$/, "wrangler.toml")}`);
  const { url, kill } = await startWorker(built, { port: Number(process.env.PORT ?? 8787), vars });
  return { url, stop: kill };
}

/**
 * A Lambda function. Its table is made by who deploys it.
 *
 * @param {string} main within `examples/`
 * @param {Record<string, string>} env
 * @returns {Promise<Served>}
 */
export async function serveLambda(main, env) {
  const { startLambda } = await import("./lambda.js");
  const { DynamoDBSaver } = await import("langgraph-checkpoint-dynamodb");
  await DynamoDBSaver.fromEnv(env).setup();
  const outfile = `${root}.data/lambda-${process.pid}.mjs`;
  return startLambda({ file: `${root}examples/${main}`, outfile, port: Number(process.env.PORT ?? 2024), env });
}

/**
 * A page, built by Vite, with the server that it talks to.
 *
 * @param {{ main: string, outDir: string, server: string[], env: NodeJS.ProcessEnv }} options `server` is the command
 *   of the server
 * @returns {Promise<Served>}
 */
export async function servePage({ main, outDir, server, env }) {
  const page = `${root}examples/${main.replace(/\/[^/]+$/, "")}`;
  const port = await claimPort(Number(process.env.PORT ?? 5173), "the page");
  const url = `http://127.0.0.1:${port}`;
  const agent = await startServer(server, { ...env, PORT: process.env.PORT ?? "2024", PAGE_ORIGIN: url });
  const vite = [process.execPath, `${root}node_modules/vite/bin/vite.js`];
  await runBuild([...vite, "build", page, "--outDir", outDir, "--emptyOutDir"], { ...env, VITE_AGENT_URL: agent.url });
  const preview = ["preview", page, "--outDir", outDir, "--host", "127.0.0.1", "--port", `${port}`, "--strictPort"];
  const pages = await startServer([...vite, ...preview], env);
  console.log(`Open it in a browser, and give it the token ${env.AGENT_TOKEN}. Ctrl-C ends it.\n`);
  return {
    url,
    stop: async () => {
      await pages.stop();
      await agent.stop();
    },
  };
}

/**
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Served>}
 */
async function startServer([program = "", ...args], env) {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const forget = atEndOfProcess(() => void child.kill());
  /** @type {string} */
  const url = await new Promise((resolve, reject) => {
    child.once("close", () => reject(new Error("its server has ended.")));
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      const [listening] = /http:\S+/.exec(text) ?? [];
      if (listening) resolve(listening);
    });
  });
  return {
    url,
    stop: async () => {
      forget();
      child.kill();
      await ended;
    },
  };
}

/**
 * In a process of its own: Vite takes the kind of build from the environment, which a test runner has set already.
 *
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 */
async function runBuild([program = "", ...args], env) {
  const child = spawn(program, [...args, "--logLevel", "error"], {
    env: { ...env, NODE_ENV: "production" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error("the page could not be built.");
}
