const LOCAL_NAMES = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/**
 * Keeps the pages of others away from a server that is for this machine: what a browser sends for a page of another
 * origin, and what reaches it by another name (DNS rebinding).
 *
 * @param {import("node:http").Server} server
 * @param {string[]} origins of the pages that may use it, `*` for all of them
 */
export function refuseOtherSites(server, origins) {
  if (origins.includes("*")) return;
  const listeners = server.listeners("request");
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    const { host = "", origin, "sec-fetch-site": site = "none" } = request.headers;
    const isOwn = origin === undefined ? site === "none" || site === "same-origin" : origins.includes(origin);
    if (isOwn && LOCAL_NAMES.test(host)) {
      for (const listener of listeners) listener.call(server, request, response);
      return;
    }
    response
      .writeHead(403, { connection: "close" })
      .end("This server is for programs on this machine, not for the pages of others.\n");
  });
}
