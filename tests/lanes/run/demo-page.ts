import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";
import { chromiumArgs, ensureChromium } from "../../../scripts/lib/servers/chromium.js";

/** What the tests of the demo's page do with it, as a person does: by role and by name. */

const script = fileURLToPath(new URL("../../../scripts/demo-browser.js", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const patienceMs = 60_000; // for a machine that is busy with other things as well

export const launchChromium = async (): Promise<Browser> =>
  chromium.launch({ executablePath: await ensureChromium(), args: chromiumArgs });

/** Runs `npm run demo:browser` until it serves, or until it ends; says what it printed. */
export async function runDemo(
  ...options: string[]
): Promise<{ output: string; code: number | null; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [script, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let output = "";
  const serves = new Promise<void>((resolve) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("Ctrl-C")) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
  });
  await Promise.race([ended, serves]);
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { output, code: child.exitCode, stop };
}

/** What the pages did that their Content-Security-Policy forbids. */
export const policyViolations: string[] = [];

export async function newPage(
  browser: Browser,
  url: string,
  more?: Parameters<Browser["newContext"]>[0],
): Promise<Page> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    locale: "en-GB",
    ...more,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  page.on(
    "console",
    (message) => message.text().includes("Content Security Policy") && policyViolations.push(message.text()),
  );
  await page.goto(url);
  return page;
}

export const statusOf = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByRole("status").filter({ hasText: text }).waitFor();

/** A thread of its own, with a first message. */
export async function begin(page: Page, message: string): Promise<void> {
  await page.getByRole("button", { name: "New thread" }).first().click();
  await statusOf(page, "New"); // until then, another thread may be open
  await say(page, message);
}

export async function say(page: Page, message: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(message);
  await page.getByRole("button", { name: "Send" }).click();
}

export const messages = (page: Page): Promise<string[]> =>
  page.getByRole("list", { name: "Messages" }).locator(".bubble").allInnerTexts();

export const checkpointRows = (page: Page): Locator =>
  page
    .getByRole("grid", { name: /^Checkpoints/ })
    .locator("tbody")
    .getByRole("row");

/** Step and what comes next, newest first. */
export async function timeline(page: Page): Promise<string[]> {
  const rows = await checkpointRows(page).all();
  return Promise.all(
    rows.map(async (row) => (await row.locator("[role=rowheader], td").allInnerTexts()).slice(1, 4).join(" ")),
  );
}

/** Presses Tab until something has the focus, as somebody does who has no mouse. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 30; presses += 1) {
    if (await isFocused(target)) return;
    await page.keyboard.press("Tab");
  }
  expect.fail(`Tab does not reach ${String(target)}`);
}

const isFocused = async (target: Locator): Promise<boolean> =>
  (await target.count()) === 1 && target.evaluate((element) => element === document.activeElement);

/** The page moves the focus after it has drawn. */
export const expectFocus = (target: Locator): Promise<void> =>
  expect.poll(() => isFocused(target), { timeout: 20_000 }).toBe(true);

/** What axe has to say against the page as it is now, in light and in dark. */
export async function axeViolations(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await axeFindings(page)).map((finding) => `${colorScheme}: ${finding}`));
  }
  return found;
}

/** What axe has to say against the page as it is now. */
export async function axeFindings(page: Page): Promise<string[]> {
  // Past the page's Content-Security-Policy, which an element would not get
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
  });
}
