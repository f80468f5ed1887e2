import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { claimPort } from "../../scripts/lib/servers/ports.js";
import { launchChromium, runDemo } from "../lanes/run/demo-page.js";

export interface OpenedDemo {
  browser: Browser;
  demo: Awaited<ReturnType<typeof runDemo>>;
  /** Where the page is. */
  url: string;
  /** Where its DynamoDB is. */
  dynamodb: string;
  /** Where that keeps its table. */
  folder: string;
  close: () => Promise<void>;
}

/** Starts `npm run demo:browser` on ports and in a folder of its own, and a Chromium for its page. */
export async function openDemo(): Promise<OpenedDemo> {
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  const [port, dynamodbPort] = [await claimPort(0, "the page"), await claimPort(0, "DynamoDB")];
  const [browser, demo] = await Promise.all([
    launchChromium(),
    runDemo("--port", String(port), "--dynamodb-port", String(dynamodbPort), "--data", folder),
  ]);
  return {
    browser,
    demo,
    url: `http://127.0.0.1:${port}/`,
    dynamodb: `http://127.0.0.1:${dynamodbPort}/`,
    folder,
    close: async () => {
      await browser.close();
      await demo.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
