import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Fetch } from "langgraph-checkpoint-dynamodb";
import { withFaults, type Chooser, type Faults } from "../faults/with-faults.js";
import { listen } from "./listen.js";

export interface FaultProxy extends Pick<Faults, "injected"> {
  /** In place of the server's. */
  url: string;
  stop: () => Promise<void>;
}

/**
 * An HTTP server in front of a real one. What a fault does to `fetch` it does on the wire: a connection is reset where
 * `fetch` fails, an answer breaks off where its body fails, and nothing is sent where `fetch` would wait.
 */
export async function startFaultProxy(target: string, choose: Chooser): Promise<FaultProxy> {
  const { fetch, injected } = withFaults(choose, sender(target));
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing, fetch));
  const { url, stop } = await listen(server);
  return { injected, url, stop };
}

async function pass(incoming: IncomingMessage, outgoing: ServerResponse, fetch: Fetch): Promise<void> {
  const hungUp = new AbortController();
  outgoing.on("close", () => hungUp.abort());
  try {
    const body = new Uint8Array(await buffer(incoming));
    const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const answer = await fetch(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method!,
      headers,
      ...(incoming.method !== "GET" && { body }),
      signal: hungUp.signal,
    });
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const chunk of answer.body ?? []) {
      if (!outgoing.write(chunk)) await once(outgoing, "drain", { signal: hungUp.signal });
    }
    outgoing.end();
  } catch {
    incoming.socket.resetAndDestroy();
  }
}

/** Sends requests on as they are. The signature covers the `Host` that the client wrote, so it stays. */
function sender(target: string): Fetch {
  const { hostname, port } = new URL(target);
  return async (url, { method, headers, body }) => {
    const { pathname, search } = new URL(url);
    const bytes = (body ?? new Uint8Array(0)) as Uint8Array;
    const forwarded = request({
      hostname,
      port,
      method,
      path: pathname + search,
      headers: { ...Object.fromEntries(new Headers(headers)), "content-length": bytes.length },
    });
    forwarded.end(bytes);
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    const content = new Uint8Array(await buffer(answer));
    const kept = Object.entries(answer.headers).filter(
      ([name]) => !["connection", "keep-alive", "transfer-encoding"].includes(name),
    );
    const status = answer.statusCode!;
    return new Response(status === 204 || status === 304 ? null : content, {
      status,
      headers: kept.map(([name, value]): [string, string] => [name, String(value)]),
    });
  };
}
