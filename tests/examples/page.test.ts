import { rmSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { chromiumArgs, ensureChromium } from "../../scripts/lib/servers/chromium.js";
import { data, running, serving } from "./run.js";

/** The page of server-react, built by Vite, in a real Chromium, on server-node. */

let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await ensureChromium(), args: chromiumArgs });
});
afterEach(() => {
  for (const child of running) child.kill();
});
afterAll(async () => {
  await browser?.close();
  rmSync(data, { recursive: true, force: true });
});

/** Opens the page as somebody who knows the token. */
async function open(url: string, token = "local-token"): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000); // for a machine that is busy with other things as well
  page.on("dialog", (dialog) => void dialog.accept(token));
  await page.goto(url);
  return page;
}

async function say(page: Page, message: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(message);
  await page.getByRole("button", { name: "Send" }).click();
}

const messages = (page: Page): Promise<string[]> => page.getByRole("listitem").allInnerTexts();
const message = (page: Page, text: string | RegExp) => page.getByRole("listitem").filter({ hasText: text });
const isReady = (page: Page) => page.getByRole("button", { name: "Send" }).waitFor();

const ANSWER = "ai: Your model would answer here. Ask for a refund!";

test("the page lets no stranger in, shows an answer as it comes, and finds its question after a reload", async () => {
  await serving("server-react", async (url) => {
    const stranger = await open(url, "another");
    await say(stranger, "Hello!");
    expect(await stranger.getByRole("alert").innerText()).toContain("Who are you?");

    const page = await open(url);
    await say(page, "Hello!");
    await message(page, /^ai: Your(?!.*refund)/).waitFor(); // not all of it yet
    await message(page, ANSWER).waitFor();
    await isReady(page);
    expect(page.url()).toMatch(/\?thread=[-0-9a-f]{36}$/);

    await say(page, "I want a refund.");
    await page.getByText("Give 40 euros back?").waitFor();
    await page.reload();
    await page.getByText("Give 40 euros back?").waitFor();
    expect(await messages(page)).toEqual(["human: Hello!", ANSWER, "human: I want a refund."]);
    await page.getByRole("button", { name: "Approve" }).click();
    await message(page, "ai: 40 euros are on their way.").waitFor();
    await page.getByText("Give 40 euros back?").waitFor({ state: "detached" });

    // Another window, by its address.
    const other = await open(page.url());
    await message(other, "ai: 40 euros are on their way.").waitFor();
    expect(await messages(other)).toEqual(await messages(page));
  });
});

test("the page goes on with an answer that a reload has broken off, and stops one", async () => {
  await serving("server-react", async (url) => {
    const page = await open(url);
    await say(page, "Hello!");
    await message(page, /^ai: Y/).waitFor();
    await page.reload();
    await message(page, ANSWER).waitFor();
    await isReady(page);
    expect(await messages(page)).toEqual(["human: Hello!", ANSWER]);

    await say(page, "And now?");
    await page.getByRole("listitem").nth(3).waitFor(); // it answers
    const cancelled = page.waitForResponse(/\/cancel/);
    await page.getByRole("button", { name: "Stop" }).click();
    expect((await cancelled).ok()).toBe(true);
    await isReady(page);
    await page.reload();
    await message(page, "human: And now?").waitFor();
    await isReady(page);
    expect(await messages(page)).toEqual(["human: Hello!", ANSWER, "human: And now?"]);
  });
});
