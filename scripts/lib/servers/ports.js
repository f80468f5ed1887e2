import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Fails with one clear line when a port is taken. workerd and dynalite would each say so in their own, longer way.
 *
 * @param {number} port
 * @param {string} what what the port is for
 * @param {string} option the command with the option that chooses another one
 */
export async function assertPortFree(port, what, option) {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const why = code === "EADDRINUSE" ? "taken" : code === "EACCES" ? "not allowed" : `not usable (${code})`;
    throw new Error(`Port ${port} for ${what} is ${why}. Choose another with ${option} N.`, { cause: error });
  } finally {
    server.close();
  }
}

/**
 * A port that is free now, for a server that cannot choose one itself.
 *
 * @param {number} wanted 0 for any
 * @param {string} what what the port is for
 * @returns {Promise<number>}
 */
export async function claimPort(wanted, what) {
  const server = createServer().listen(wanted, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    throw new Error(`Port ${wanted} is not free for ${what}.`, { cause: error });
  }
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}
