import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * What a client and a server say to each other, counted, and delayed on its way to the server. A round trip is counted
 * when a client says something on a new connection, or on one where the server spoke last: whatever it sends in one go
 * counts once, be it one request, or several commands together.
 *
 * @param {number} port of the server
 */
export async function startProxy(port) {
  const counts = { roundTrips: 0, sent: 0, received: 0 };
  let delayMs = 0;
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  const proxy = createServer({ noDelay: true }, (client) => {
    const server = connect({ port, host: "127.0.0.1", noDelay: true });
    let spokeLast = server;
    client.on("data", (chunk) => {
      if (spokeLast !== client) counts.roundTrips++;
      spokeLast = client;
      counts.sent += chunk.length;
      if (delayMs > 0) setTimeout(() => server.write(chunk), delayMs);
      else server.write(chunk);
    });
    server.on("data", (chunk) => {
      spokeLast = server;
      counts.received += chunk.length;
      client.write(chunk);
    });
    for (const [one, other] of /** @type {const} */ ([
      [client, server],
      [server, client],
    ])) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.end();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: /** @type {import("node:net").AddressInfo} */ (proxy.address()).port,
    counts: () => ({ ...counts }),
    delay: (/** @type {number} */ ms) => void (delayMs = ms),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
