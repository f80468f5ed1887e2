import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

export interface Listening {
  url: string;
  port: number;
  /** The connections that are there now. */
  open: ReadonlySet<Socket>;
  /** Breaks all connections, and is done when the port is free. */
  stop: () => Promise<void>;
}

/** Has a server, HTTP or not, listen on this machine; on a port of its own, unless one is wanted. */
export async function listen(server: Server, wanted = 0): Promise<Listening> {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    // That the other end hangs up is what some tests are about.
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
  });
  await once(server.listen(wanted, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.close();
    for (const socket of open) socket.destroy();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}`, port, open, stop };
}
