import { createServer, request, type IncomingMessage } from "node:http";
import { listen, type Listening } from "./listen.js";

/**
 * Stands in for a resolver that knows `*.localhost`: curl and browsers do, Node and workerd ask DNS. Nor do their
 * `fetch` functions send a `Host` of one's own, so this server puts it there. It reads it from `x-forward-to`. Pages of
 * any origin may use it.
 */
export function startForwarder(): Promise<Listening> {
  const server = createServer((incoming, answer) => {
    const asked = incoming.headers["access-control-request-headers"] ?? "*";
    const allowed = {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "*",
      "access-control-allow-headers": asked,
      "access-control-expose-headers": "*",
    };
    if (incoming.method === "OPTIONS") return void answer.writeHead(200, allowed).end();
    const host = incoming.headers["x-forward-to"] as string;
    const headers = { ...incoming.headers, host, "x-forward-to": [] };
    const outgoing = request({
      host: "127.0.0.1",
      port: new URL(`http://${host}`).port,
      method: incoming.method,
      path: incoming.url,
      headers,
    });
    outgoing.on("response", (response: IncomingMessage) =>
      response.pipe(answer.writeHead(response.statusCode!, { ...response.headers, ...allowed })),
    );
    outgoing.on("error", () => answer.destroy());
    incoming.pipe(outgoing);
  });
  return listen(server);
}
