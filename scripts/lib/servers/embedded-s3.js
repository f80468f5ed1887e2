import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { refuseOtherSites } from "./local-only.js";

/**
 * @typedef {object} S3rver what is used of it
 * @property {{ deleteObject: (bucket: string, key: string) => Promise<void> }} store
 * @property {import("node:http").Server} httpServer
 * @property {() => Promise<import("node:net").AddressInfo>} run
 * @property {() => Promise<void>} close
 */

const requireModule = createRequire(import.meta.url);

/** The one pair that s3rver knows. */
export const credentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };

/**
 * Starts s3rver, an S3 in this process, with one bucket, and keeps its data in a folder: each object is a file there,
 * under its key, so a thread id of more than about 180 bytes is too long for it.
 *
 * @param {{ path: string, port: number, bucket: string, origins?: string[] }} options port 0 for any; no page may use
 *   it, unless `origins` has its origin, or `*`
 * @returns {Promise<{ endpoint: string, bucket: string, stop: () => Promise<void> }>}
 */
export async function startEmbeddedS3({ path, port, bucket, origins = [] }) {
  /** @type {new (options: object) => S3rver} */
  const S3rver = requireModule("@20minutes/s3rver");
  const server = new S3rver({
    address: "127.0.0.1",
    port,
    directory: path,
    silent: true,
    configureBuckets: [{ name: bucket }],
  });
  deleteOneByOne(server.store);
  const address = await mkdir(path, { recursive: true })
    .then(() => server.run())
    .catch((error) => {
      throw new Error(
        `The objects in ${path} cannot be opened (${error.code ?? error.message}). Delete it to start afresh.`,
        { cause: error },
      );
    });

  refuseOtherSites(server.httpServer, origins);

  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    bucket,
    async stop() {
      const closed = server.close();
      server.httpServer.closeAllConnections();
      await closed;
    },
  };
}

/**
 * s3rver removes a folder with its last object. Two of a folder's objects deleted at once, as DeleteObjects does,
 * both find it empty, and the slower one fails.
 *
 * @param {S3rver["store"]} store
 */
function deleteOneByOne(store) {
  const deleteObject = store.deleteObject.bind(store);
  let previous = Promise.resolve();
  store.deleteObject = (bucket, key) => {
    const deleted = previous.then(() => deleteObject(bucket, key));
    previous = deleted.catch(() => {});
    return deleted;
  };
}
