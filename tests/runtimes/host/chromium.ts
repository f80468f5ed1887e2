import { chromiumArgs } from "../../../scripts/lib/servers/chromium.js";
import { executableOf } from "../../../scripts/lib/testing/runtimes.js";
import type { ProvidedContext } from "vitest";
import type { Running } from "./pool.js";

/** A page of one origin, while DynamoDB and S3 are others to it: every request goes by the rules of CORS. */
export async function openChromium(bundle: string, { pageOrigin }: ProvidedContext): Promise<Running> {
  // Only where it is needed: vitest's configuration imports this file
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: executableOf("chromium"), args: chromiumArgs });
  const page = await browser.newPage();
  await page.goto(pageOrigin!);
  let report: (line: string) => void = () => undefined;
  await page.exposeFunction("report", (line: string) => report(line));
  page.on("console", (message) => {
    const text = message.text();
    // The browser says this itself, of each answer that is an error.
    if (!text.startsWith("Failed to load resource")) process.stdout.write(`${text}\n`);
  });
  await page.addScriptTag({ path: bundle });
  return {
    async run(order, onLine) {
      report = onLine;
      await page.evaluate(
        (given) => (globalThis as unknown as { runOrder: (order: unknown) => Promise<void> }).runOrder(given),
        order as unknown,
      );
    },
    close: () => browser.close(),
  };
}
