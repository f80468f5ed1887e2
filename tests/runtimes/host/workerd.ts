import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Running } from "./pool.js";

/** workerd without any compatibility flag: no `node:` module, no Buffer, no process. */
export async function openWorkerd(bundle: string): Promise<Running> {
  const { Miniflare } = await import("miniflare");
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "tests.mjs", contents: readFileSync(bundle, "utf8") }],
    compatibilityDate: "2026-04-01",
    cf: false, // otherwise miniflare asks a server of Cloudflare where it is
  });
  const url = await miniflare.ready;
  return {
    async run(order, onLine) {
      const answer = await fetch(url, { method: "POST", body: JSON.stringify(order) });
      let last = "";
      for await (last of createInterface({ input: Readable.fromWeb(answer.body as never) }))
        if (last !== "done") onLine(last);
      if (last !== "done") throw new Error(`workerd ended while it ran ${order.files.join(", ")}: ${last}`);
    },
    close: () => miniflare.dispose(),
  };
}
