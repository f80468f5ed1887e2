import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/**
 * Serves a built site to this machine, as a server of files would.
 * @param {string} folder
 * @param {string} [base]
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveSite(folder, base = "/") {
  /** @param {string} url */
  const fileOf = (url) => {
    const { pathname } = new URL(url, "http://127.0.0.1");
    const path = decodeURIComponent(pathname.startsWith(base) ? pathname.slice(base.length) : "404");
    return normalize(`/${path === "" || path.endsWith("/") ? `${path}index.html` : path}`);
  };
  const server = createServer((request, response) => {
    const file = fileOf(request.url ?? base);
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    readFile(join(folder, file)).then(
      (body) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404).end("Not found"),
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}${base}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
