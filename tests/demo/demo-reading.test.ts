import { readFile } from "node:fs/promises";
import type { Download, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axeViolations, begin, newPage, policyViolations, statusOf } from "../lanes/run/demo-page.js";
import { calculated, editState, openDemo, somebodyElse, threadOf, type OpenedDemo } from "./opened-demo.js";

/* What a thread is shown as, found by, and taken away as: in a real Chromium. */

let opened: OpenedDemo;

beforeAll(async () => {
  opened = await openDemo();
});

afterAll(() => opened?.close());

afterEach(async () => {
  expect(policyViolations.splice(0)).toEqual([]);
  await Promise.all(opened.browser.contexts().map((context) => context.close()));
});

describe("a thread that is taken away", () => {
  const exported = async (page: Page, item: string): Promise<Download> => {
    await page.getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: item }).click(),
    ]);
    return download;
  };
  const textOf = async (download: Download): Promise<string> => readFile(await download.path(), "utf8");

  it("is its conversation as Markdown", async () => {
    const page = await calculated(opened);
    const file = await exported(page, "The conversation as Markdown");
    expect(file.suggestedFilename()).toBe(`${threadOf(page)}.md`);
    const text = await textOf(file);
    expect(text).toMatch(/^# What is 6 \* 7\?\n/);
    expect(text).toMatch(/## You\n\nWhat is 6 \* 7\?[^]*Asked for \*\*calculate\*\*[^]*## Agent\n\nThat makes 42\./);
  });

  it("is all its checkpoints as JSON", async () => {
    const page = await calculated(opened);
    const file = await exported(page, "All checkpoints as JSON");
    expect(file.suggestedFilename()).toBe(`${threadOf(page)}.json`);
    const { thread, checkpoints } = JSON.parse(await textOf(file)) as {
      thread: { thread_id: string };
      checkpoints: object[];
    };
    expect(thread.thread_id).toBe(threadOf(page));
    expect(checkpoints).toEqual(await somebodyElse(opened).threads.getHistory(threadOf(page), { limit: 10 }));
  });
});

it("what the agent says is Markdown, and no raw HTML or picture of a stranger's", async () => {
  const page = await calculated(opened);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const content = [
    "It is **bold**, <img src=x onerror=alert(1)> and ![a picture](https://evil.example/seen.png)",
    "[a link](https://example.com) and [a bad one](javascript:alert(1))",
    "| a | b |\n| --- | ---: |\n| 1 | 2 |",
    `\`\`\`\n${"a long line of code ".repeat(20)}\n\`\`\``,
  ].join("\n\n");
  await editState(page, { messages: [{ type: "ai", content }] });
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const said = page.getByRole("list", { name: "Messages" }).locator(".markdown").last();
  await said.locator("strong").getByText("bold").waitFor();
  expect(await said.locator("img, script").count()).toBe(0);
  expect(await said.innerText()).toContain("<img src=x onerror=alert(1)>");
  expect(await said.getByRole("link", { name: "a link" }).getAttribute("rel")).toBe("noopener noreferrer");
  expect(await said.getByText("a bad one").getAttribute("href")).not.toMatch(/script/);
  expect(await said.getByRole("table").innerText()).toMatch(/a\s+b\s+1\s+2/);
  const list = page.getByRole("list", { name: "Messages" });
  expect((await said.boundingBox())!.width).toBeLessThan((await list.boundingBox())!.width);
  expect((await list.boundingBox())!.width).toBeLessThanOrEqual(640);
  expect(asked.filter((url) => url.includes("evil"))).toEqual([]);
  expect(await axeViolations(page)).toEqual([]);
});

it("a link leads to the documentation", async () => {
  const page = await newPage(opened.browser, opened.url);
  const link = page.getByRole("link", { name: "Docs" });
  expect(await link.getAttribute("href")).toMatch(
    /^https:\/\/github\.com\/[^/]+\/langgraph-checkpoint-dynamodb#readme$/,
  );
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
});

describe("the list of threads", () => {
  it("is searched by what was asked and by id, and shows those of one status", async () => {
    const page = await newPage(opened.browser, opened.url);
    await begin(page, "Please refund order 1043");
    await statusOf(page, "Waiting for you");
    const items = page.getByRole("listbox", { name: "Threads" }).getByRole("option");
    await items.filter({ hasText: "Please refund order 1043" }).waitFor();
    const all = await items.count();
    const status = page.getByRole("combobox", { name: "Status" });
    await status.selectOption("Waiting for you");
    await expect.poll(() => items.filter({ hasNotText: "Waiting for you" }).count()).toBe(0);
    await items.filter({ hasText: "Please refund order 1043" }).waitFor();
    await status.selectOption("Failed");
    await page.getByText("No thread fits.").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await status.selectOption("All");
    await expect.poll(() => items.count()).toBe(all);

    const search = page.getByRole("searchbox", { name: "Search threads" });
    await search.fill("1043 REFUND");
    await expect.poll(() => items.count()).toBe(1);
    await search.fill(threadOf(page));
    await expect.poll(() => items.count()).toBe(1);
    await search.press("Escape");
    await expect.poll(() => items.count()).toBe(all);
  });
});
