import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  begin,
  checkpointRows,
  expectFocus,
  messages,
  newPage,
  policyViolations,
  say,
  statusOf,
  tabTo,
} from "../lanes/run/demo-page.js";
import { openDemo, somebodyElse, threadOf, type OpenedDemo } from "./opened-demo.js";

/* Where the focus goes, what is in sight, and what the page says in the meantime: in a real Chromium. */

let opened: OpenedDemo;

beforeAll(async () => {
  opened = await openDemo();
});

afterAll(() => opened?.close());

afterEach(async () => {
  expect(policyViolations.splice(0)).toEqual([]);
  await Promise.all(opened.browser.contexts().map((context) => context.close()));
});

const newPageOf = (...more: Parameters<typeof newPage> extends [unknown, unknown, ...infer R] ? R : never) =>
  newPage(opened.browser, opened.url, ...more);

describe("the focus", () => {
  it("goes from New thread to the message, so that whoever types does not press it again", async () => {
    const page = await newPageOf();
    await tabTo(page, page.getByRole("navigation", { name: "Threads" }).getByRole("button", { name: "New thread" }));
    await page.keyboard.press("Enter");
    await expectFocus(page.getByRole("textbox", { name: "Message" }));
    await page.keyboard.type("What is 6 * 7?");
    await page.keyboard.press("Enter");
    await statusOf(page, "Done");
    expect(await messages(page)).toEqual(["What is 6 * 7?", "That makes 42."]);
    expect(await page.getByRole("listbox", { name: "Threads" }).getByRole("option").count()).toBe(1);
  });

  it("finds the question of a fork selected, and Enter starts the branch", async () => {
    const page = await newPageOf();
    await begin(page, "What is 6 * 7?");
    await statusOf(page, "Done");
    await checkpointRows(page).filter({ hasText: "agent" }).last().click();
    await page.getByRole("button", { name: /^Fork/ }).click();
    await expectFocus(page.getByRole("textbox", { name: "Question" }));
    await page.keyboard.type("What is 1 + 1?");
    await page.keyboard.press("Enter");
    await page.getByText("That makes 2.").first().waitFor();
    await statusOf(page, "Done");
    expect(await messages(page)).toEqual(["What is 1 + 1?", "That makes 2."]);
  });
});

it("what has changed is in sight, however long the conversation before it", async () => {
  const page = await newPageOf();
  await begin(page, "What is 6 * 7?");
  await statusOf(page, "Done");
  const before = Array.from({ length: 30 }, (_, i) => ({ type: i % 2 ? "ai" : "human", content: `Message ${i}` }));
  await somebodyElse(opened).threads.updateState(threadOf(page), { values: { messages: before }, asNode: "agent" });
  await page.reload();
  await say(page, "What is 1 + 2?");
  await page.getByText("That makes 3.").first().waitFor();
  await statusOf(page, "Done");
  const changed = page.getByRole("treegrid", { name: /^State at/ }).getByRole("row", { name: /, added$/ });
  const { bottom, edge } = await changed.evaluate((row) => {
    const panel = document.querySelector(".checkpoint")!;
    return { bottom: row.getBoundingClientRect().bottom, edge: panel.getBoundingClientRect().bottom };
  });
  expect(bottom).toBeLessThanOrEqual(edge);
  // And so is what can be done with the checkpoint.
  const { y } = (await page.getByRole("button", { name: /^Fork/ }).boundingBox())!;
  const panelTop = await page.locator(".checkpoint").evaluate((panel) => panel.getBoundingClientRect().top);
  expect(y).toBeGreaterThanOrEqual(panelTop);
});

it("a refund that nobody has approved is at no moment said to run", async () => {
  const page = await newPageOf();
  await page.evaluate(() => {
    const seen = ((window as unknown as { seen: string[] }).seen = [] as string[]);
    new MutationObserver(() => {
      for (const { textContent } of document.querySelectorAll(".tool-pending"))
        if (textContent !== seen.at(-1)) seen.push(textContent);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await begin(page, "Please refund order 1042");
  await statusOf(page, "Waiting for you");
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(seen.at(-1)).toBe("needs your approval");
  expect(seen).not.toContain("running");
});

it("an id of any length takes one line", async () => {
  const threadId = `import-${"0123456789abcdef".repeat(25)}`;
  await somebodyElse(opened).threads.create({ threadId, graphId: "agent" });
  const page = await newPage(opened.browser, `${opened.url}#/threads/${threadId}`);
  await statusOf(page, "New");
  const heightOf = async (role: "heading" | "option") =>
    (await page.getByRole(role, { name: threadId }).first().boundingBox())!.height;
  expect(await heightOf("heading")).toBeLessThan(40);
  expect(await heightOf("option")).toBeLessThan(70);
  await page.getByRole("button", { name: "Delete this thread" }).click();
  await page.getByRole("alertdialog").waitFor();
  expect(await heightOf("heading")).toBeLessThan(80);
  expect(await axeViolations(page)).toEqual([]);
});

it("the tab's title says what is spoken of, and whether somebody is waited for", async () => {
  const page = await newPageOf();
  expect(await page.title()).toBe("Threads in DynamoDB");
  await begin(page, "Please refund order 1042");
  await statusOf(page, "Waiting for you");
  expect(await page.title()).toBe("Waiting for you: Please refund order 1042");
  await page.getByRole("button", { name: "Approve" }).click();
  await statusOf(page, "Done");
  expect(await page.title()).toBe("Please refund order 1042 · Threads in DynamoDB");
});

describe("a second tab", () => {
  it("sees what is said in the first, without a reload", async () => {
    const page = await newPageOf();
    await begin(page, "What is 6 * 7?");
    await statusOf(page, "Done");
    const other = await newPage(opened.browser, page.url());
    await statusOf(other, "Done");
    await say(page, "What is 1 + 2?");
    await other.getByText("That makes 3.").first().waitFor();
    await statusOf(other, "Done");
    expect(await messages(other)).toEqual(["What is 6 * 7?", "That makes 42.", "What is 1 + 2?", "That makes 3."]);
  });

  it("leaves what is written in a dialog alone, and looks again afterwards", async () => {
    const page = await newPageOf();
    await page.clock.install();
    await begin(page, "What is 6 * 7?");
    await statusOf(page, "Done");
    await page.getByRole("button", { name: /^Fork/ }).click();
    await page.getByRole("textbox", { name: "Message" }).last().fill("Half a sentence");
    await somebodyElse(opened).threads.updateState(threadOf(page), {
      values: { messages: [{ type: "ai", content: "By somebody else." }] },
      asNode: "agent",
    });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.clock.runFor(60_000);
    expect(await page.getByRole("textbox", { name: "Message" }).last().inputValue()).toBe("Half a sentence");
    expect(asked).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByText("By somebody else.").first().waitFor();
  });

  it("hears that its thread was deleted in the first", async () => {
    const page = await newPageOf();
    await begin(page, "What is 6 * 7?");
    await statusOf(page, "Done");
    await somebodyElse(opened).threads.delete(threadOf(page));
    await page.getByRole("heading", { name: "There is no such thread" }).waitFor();
  });
});
