import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { refuseOtherSites } from "./local-only.js";

const require = createRequire(import.meta.url);

/**
 * Starts dynalite, a DynamoDB in this process, and keeps its data in a folder, or in memory.
 *
 * @param {{ path?: string, port: number, origins?: string[] }} options of the pages that may use it, `*` for all; by
 *   default none
 * @returns {Promise<{ endpoint: string, stop: () => Promise<void> }>}
 */
export async function startEmbeddedDynamoDB({ path, port, origins = [] }) {
  if (path !== undefined) {
    await mkdir(path, { recursive: true });
    await assertNotInUse(path);
  }

  /** @type {(options: object) => import("node:http").Server} */
  const dynalite = require("dynalite");
  const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  refuseOtherSites(server, origins); // by itself it answers any page
  server.listen(port, "127.0.0.1");
  await once(server, "listening");

  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve)); // closes the files, too
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * LevelDB lets one process at a time have a folder; dynalite would only find out in the middle of a request.
 *
 * @param {string} path
 */
async function assertNotInUse(path) {
  const { Level } = createRequire(require.resolve("dynalite"))("level");
  const database = new Level(path);
  try {
    await database.open();
  } catch (error) {
    const { code, cause } = /** @type {{ code?: string, cause?: { code?: string, message?: string } }} */ (error);
    throw new Error(
      cause?.code === "LEVEL_LOCKED"
        ? `${path} is in use: another of these demos is running.`
        : `The database in ${path} cannot be opened (${cause?.code ?? code}: ${cause?.message}). Delete the folder ` +
            "to start afresh.",
      { cause: error },
    );
  }
  await database.close();
}
