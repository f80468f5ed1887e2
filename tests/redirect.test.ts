import { createServer } from "node:http";
import { expect, test } from "vitest";
import { errorOf, readNothing } from "./lanes/faults/faulty-fetch.js";
import { createSaver } from "./lanes/savers/harness.js";
import { listen } from "./lanes/servers/listen.js";

/* Needs no server. */

test.each([301, 302, 303, 307, 308])(
  "a redirect with HTTP %i is an error, and its target is never contacted",
  async (status) => {
    let contacts = 0;
    let requests = 0;
    const target = await listen(
      createServer((_, response) => {
        contacts++;
        response.end("{}");
      }),
    );
    const endpoint = await listen(
      createServer((_, response) => {
        requests++;
        response.writeHead(status, { location: target.url }).end();
      }),
    );
    try {
      const saver = createSaver({ endpoint: endpoint.url });

      expect(await errorOf(readNothing(saver))).toMatchObject({ code: "NETWORK", attempts: 1, retryable: false });
      expect({ requests, contacts }).toEqual({ requests: 1, contacts: 0 });
    } finally {
      await Promise.all([endpoint.stop(), target.stop()]);
    }
  },
);
