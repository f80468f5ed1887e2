import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that stands for DynamoDB: it answers nothing, or that nothing was found, and keeps who asked. */
export async function server(answer?: string) {
  const asked: string[] = [];
  const listening = createServer((request, response) => {
    asked.push(request.headers.authorization ?? "");
    request.resume();
    if (answer !== undefined) response.setHeader("content-type", "application/x-amz-json-1.0").end(answer);
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  return {
    asked,
    url: `http://127.0.0.1:${port}`,
    firstRequest: () => once(listening, "request"),
    close: () => {
      listening.closeAllConnections();
      listening.close();
    },
  };
}
