import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { begin, messages, newPage, policyViolations, statusOf } from "../lanes/run/demo-page.js";
import { openDemo, type OpenedDemo } from "./opened-demo.js";

/* What the page knows of threads and of runs under way, in a real Chromium, with the agent's server in the page. */

let opened: OpenedDemo;

beforeAll(async () => {
  opened = await openDemo();
});

afterAll(() => opened?.close());

afterEach(async () => {
  expect(policyViolations.splice(0)).toEqual([]);
  await Promise.all(opened.browser.contexts().map((context) => context.close()));
});

/** All that the last message of the agent has been, since this was called. */
async function watchAnswer(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const seen = ((window as unknown as { seen: string[] }).seen = [] as string[]);
    new MutationObserver(() => {
      const text = [...document.querySelectorAll('.message[data-type="ai"] .bubble')].at(-1)?.textContent;
      if (text && text !== seen.at(-1)) seen.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (window as unknown as { seen: string[] }).seen);
}

it("an answer comes word by word, and is stored as one message", async () => {
  const page = await newPage(opened.browser, opened.url);
  const seen = await watchAnswer(page);
  await begin(page, "What is 6 * 7?");
  await statusOf(page, "Done");
  expect(await seen()).toEqual(["That", "That makes", "That makes 42."]);
  await page.reload();
  await statusOf(page, "Done");
  expect(await messages(page)).toEqual(["What is 6 * 7?", "That makes 42."]);
});

it("the list says which threads wait for somebody", async () => {
  const page = await newPage(opened.browser, opened.url);
  await begin(page, "Please refund order 1042");
  await statusOf(page, "Waiting for you");
  const items = page.getByRole("listbox", { name: "Threads" }).getByRole("option");
  await items.filter({ hasText: "Waiting for you" }).waitFor();
  await page.reload();
  await items.filter({ hasText: "Waiting for you" }).waitFor();
  await page.getByRole("button", { name: "Approve" }).click();
  await statusOf(page, "Done");
  await items.filter({ hasText: "Waiting for you" }).waitFor({ state: "detached" });
});

it("a new thread is there after a reload, is no error on the console, and can be deleted", async () => {
  const page = await newPage(opened.browser, opened.url);
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.getByRole("button", { name: "New thread" }).first().click();
  await statusOf(page, "New");
  await page.reload();
  await statusOf(page, "New");
  await page.getByRole("button", { name: "Delete this thread" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete thread" }).click();
  await page.getByRole("region", { name: "Welcome" }).waitFor();
  expect(errors).toEqual([]);
});

it("a tab that opens a thread in the middle of a run follows it to its end", async () => {
  const page = await newPage(opened.browser, opened.url);
  await begin(page, "Where is order 1042?");
  await statusOf(page, "Running");
  const other = await newPage(opened.browser, page.url());
  await statusOf(other, "Done");
  expect(await messages(other)).toEqual(["Where is order 1042?", expect.stringMatching(/trail running shoes/)]);
});
