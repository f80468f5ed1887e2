import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { begin, messages, newPage, policyViolations, say, statusOf } from "../lanes/run/demo-page.js";
import { openDemo, type OpenedDemo } from "./opened-demo.js";

/* One question, and who answers it more than once: in a real Chromium, with the agent in the page. */

let opened: OpenedDemo;
let saver: DynamoDBSaver;

beforeAll(async () => {
  opened = await openDemo();
  saver = new DynamoDBSaver({
    tableName: "langgraph-checkpoints",
    region: "us-east-1",
    endpoint: opened.dynamodb,
    credentials: { accessKeyId: "local", secretAccessKey: "localSecret" },
  });
});

afterAll(() => opened?.close());

afterEach(async () => {
  expect(policyViolations.splice(0)).toEqual([]);
  await Promise.all(opened.browser.contexts().map((context) => context.close()));
});

/** A page whose agent asks for approval, and the name of its thread. */
async function asking(): Promise<{ page: Page; thread: string }> {
  const page = await newPage(opened.browser, opened.url);
  await begin(page, "Please refund order 1042");
  await statusOf(page, "Waiting for you");
  return { page, thread: page.url().split("/").at(-1)! };
}

/** How often the tool has paid, on whatever branch: each time made a checkpoint with a refund that its parent lacks. */
async function timesPaid(thread_id: string): Promise<number> {
  const refunds = new Map<string, number>();
  const parents = new Map<string, string | undefined>();
  for await (const { checkpoint, parentConfig } of saver.list({ configurable: { thread_id, checkpoint_ns: "" } })) {
    refunds.set(checkpoint.id, (checkpoint.channel_values.refunds as unknown[] | undefined)?.length ?? 0);
    parents.set(checkpoint.id, parentConfig?.configurable?.checkpoint_id as string | undefined);
  }
  return [...refunds].filter(([id, count]) => count > (refunds.get(parents.get(id) ?? "") ?? 0)).length;
}

/** Another tab at the same question, which sees nothing of what comes after: its clock stands still. */
async function stale(page: Page): Promise<Page> {
  const other = await newPage(opened.browser, page.url());
  await other.clock.install();
  await statusOf(other, "Waiting for you");
  await other.clock.pauseAt(Date.now() + 60_000);
  return other;
}

const approve = (page: Page) => page.getByRole("button", { name: "Approve" });

it("a double click on approve pays once", async () => {
  const { page, thread } = await asking();
  await approve(page).dblclick();
  await statusOf(page, "Done");
  expect((await messages(page)).at(-1)).toMatch(/€129\.90 for order 1042/);
  expect(await timesPaid(thread)).toBe(1);
});

it("of two tabs that approve at the same time, one pays, and the other says that somebody is at it", async () => {
  const { page, thread } = await asking();
  const other = await stale(page);
  // The agent of the first tab thinks for as long as its clock stands still, so its run lasts.
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  await approve(page).click();
  await statusOf(page, "Running");
  await expect.poll(() => saver.getLease(thread), { timeout: 20_000 }).toBeDefined();
  await approve(other).click();

  const alert = other.getByRole("alert");
  await alert.filter({ hasText: "THREAD_BUSY" }).waitFor();
  expect(await alert.innerText()).toMatch(/Another tab, or somebody else, is at it\. Wait until that run is over/);
  await page.clock.resume();
  await statusOf(page, "Done");
  await other.clock.resume();
  await alert.getByRole("button", { name: "Read again" }).click();
  await statusOf(other, "Done");
  expect((await messages(other)).at(-1)).toMatch(/€129\.90 for order 1042/);
  expect(await timesPaid(thread)).toBe(1);
});

it("a tab that still shows a question that was answered pays nothing, and says so", async () => {
  const { page, thread } = await asking();
  const other = await stale(page);
  await approve(page).click();
  await statusOf(page, "Done");
  await approve(other).click();

  const alert = other.getByRole("alert");
  await alert.filter({ hasText: "NOTHING_TO_RESUME" }).waitFor();
  expect(await alert.innerText()).toMatch(/The question was answered, perhaps in another tab/);
  await statusOf(other, "Done");
  expect(await timesPaid(thread)).toBe(1);
});

it("a tab that still shows a question that was answered does not answer the next one", async () => {
  const { page, thread } = await asking();
  const other = await stale(page);
  await approve(page).click();
  await statusOf(page, "Done");
  await say(page, "Please refund order 1041");
  await statusOf(page, "Waiting for you");
  await approve(other).click();

  await other.getByRole("alert").filter({ hasText: "NOTHING_TO_RESUME" }).waitFor();
  expect(await timesPaid(thread)).toBe(1);
});

it("two tabs that press approve in the same moment pay once", async () => {
  const { page, thread } = await asking();
  const other = await newPage(opened.browser, page.url());
  await statusOf(other, "Waiting for you");
  await Promise.all([approve(page).click(), approve(other).click()]);

  await Promise.race(
    [page, other].map((tab) =>
      tab
        .getByRole("alert")
        .filter({ hasText: /BUSY|NOTHING/ })
        .waitFor(),
    ),
  );
  await expect.poll(() => saver.getLease(thread), { timeout: 20_000 }).toBeUndefined();
  expect(await timesPaid(thread)).toBe(1);
});
