import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import type { AgentServer } from "langgraph-checkpoint-dynamodb/server";

export interface Listening {
  url: string;
  /** Cuts all connections, those of streams as well. New ones are let in. */
  cut(): void;
  close(): Promise<void>;
}

/** An agent server behind Node's own, as a user would put it there. */
export async function listening(server: AgentServer): Promise<Listening> {
  const node = createServer((incoming, outgoing) => {
    const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD";
    const request = new Request(`http://127.0.0.1${incoming.url}`, {
      method: incoming.method!,
      headers: incoming.headers as Record<string, string>,
      ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" }),
    });
    void server.fetch(request).then((response) => {
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      if (!response.body) return void outgoing.end();
      const body = Readable.fromWeb(response.body as NodeStream);
      outgoing.on("close", () => body.destroy());
      body.on("error", () => outgoing.destroy()).pipe(outgoing);
    });
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  const { port } = node.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    cut: () => node.closeAllConnections(),
    async close() {
      node.closeAllConnections();
      await new Promise((resolve) => node.close(resolve));
    },
  };
}
