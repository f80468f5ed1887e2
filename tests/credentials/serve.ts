import { createServer, type IncomingMessage } from "node:http";
import { listen, type Listening } from "../lanes/servers/listen.js";

const servers: Listening[] = [];

/** Serves this on a port of its own. */
export async function serve(
  respond: (request: Request, message: IncomingMessage) => Response | Promise<Response>,
): Promise<string> {
  const server = createServer((message, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of message) pieces.push(piece as Buffer);
      const { connection: _, ...headers } = message.headers as Record<string, string>;
      const body = Buffer.concat(pieces);
      const url = `http://${message.headers.host}${message.url}`;
      const answer = await respond(
        new Request(url, { method: message.method!, headers, ...(body.length > 0 && { body }) }),
        message,
      );
      response
        .writeHead(answer.status, Object.fromEntries(answer.headers))
        .end(Buffer.from(await answer.arrayBuffer()));
    })();
  });
  const listening = await listen(server);
  servers.push(listening);
  return listening.url;
}

export const stopServers = () => Promise.all(servers.splice(0).map((server) => server.stop()));
