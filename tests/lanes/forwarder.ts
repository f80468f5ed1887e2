import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Stands in for a resolver that knows `*.localhost`: curl and browsers do, Node and workerd ask DNS. Nor do their
 * `fetch` functions send a `Host` of one's own, so this server puts it there. It reads it from `x-forward-to`. Pages of any
 * origin may use it.
 */
export async function startForwarder(): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((incoming, answer) => {
    const asked = incoming.headers["access-control-request-headers"] ?? "*";
    const allowed = { "access-control-allow-origin": "*", "access-control-allow-methods": "*", "access-control-allow-headers": asked, "access-control-expose-headers": "*" };
    if (incoming.method === "OPTIONS") return void answer.writeHead(200, allowed).end();
    const host = incoming.headers["x-forward-to"] as string;
    const headers = { ...incoming.headers, host, "x-forward-to": [] };
    const outgoing = request({ host: "127.0.0.1", port: new URL(`http://${host}`).port, method: incoming.method, path: incoming.url, headers });
    outgoing.on("response", (response: IncomingMessage) => response.pipe(answer.writeHead(response.statusCode!, { ...response.headers, ...allowed })));
    outgoing.on("error", () => answer.destroy());
    incoming.pipe(outgoing);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
