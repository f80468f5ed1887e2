import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { errorOf, readNothing } from "./lanes/faulty-fetch.js";
import { createSaver } from "./lanes/harness.js";

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([301, 302, 303, 307, 308])("a redirect with HTTP %i is an error, and its target is never contacted", async (status) => {
  let contacts = 0;
  let requests = 0;
  const target = createServer((_, response) => {
    contacts++;
    response.end("{}");
  });
  const location = await listen(target);
  const endpoint = createServer((_, response) => {
    requests++;
    response.writeHead(status, { location }).end();
  });
  try {
    const saver = createSaver({ endpoint: await listen(endpoint) });

    expect(await errorOf(readNothing(saver))).toMatchObject({ code: "NETWORK", attempts: 1, retryable: false });
    expect({ requests, contacts }).toEqual({ requests: 1, contacts: 0 });
  } finally {
    endpoint.close();
    target.close();
  }
});
