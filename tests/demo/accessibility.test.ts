import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  axeFindings,
  axeViolations,
  begin,
  checkpointRows,
  expectFocus,
  newPage,
  policyViolations,
  statusOf,
  tabTo,
} from "../lanes/run/demo-page.js";
import { showStates } from "../../scripts/lib/demo/page-states.js";
import { openDemo, type OpenedDemo } from "./opened-demo.js";

/** The page of `npm run demo:browser` by keyboard, by axe, and on small screens. */

let opened: OpenedDemo;
let browser: OpenedDemo["browser"];
let url: OpenedDemo["url"];

beforeAll(async () => {
  opened = await openDemo();
  ({ browser, url } = opened);
});

afterAll(() => opened?.close());

afterEach(async () => {
  expect(policyViolations.splice(0)).toEqual([]);
  await Promise.all(browser.contexts().map((context) => context.close()));
});

describe("who has no mouse", () => {
  it("talks, approves, travels and forks by keyboard alone", async () => {
    const page = await newPage(browser, url);
    const press = (key: string) => page.keyboard.press(key);
    await tabTo(page, page.getByRole("navigation", { name: "Threads" }).getByRole("button", { name: "New thread" }));
    await press("Enter");
    await statusOf(page, "New");
    await tabTo(page, page.getByRole("textbox", { name: "Message" }));
    await page.keyboard.type("Please refund order 1042");
    await press("Enter");
    await statusOf(page, "Waiting for you");
    await expectFocus(page.getByRole("heading", { name: "Do you approve?" }));
    await tabTo(page, page.getByRole("button", { name: "Approve" }));
    await press("Enter");
    await statusOf(page, "Done");
    await expectFocus(page.getByRole("textbox", { name: "Message" }));

    await tabTo(page, checkpointRows(page).first());
    for (let row = 1; row <= 3; row += 1) {
      await press("ArrowDown");
      await expectFocus(checkpointRows(page).nth(row));
    }
    await page.getByText("as it was at step 3").waitFor();
    await tabTo(page, page.getByRole("button", { name: "Replay" }));
    await press("Enter");
    await statusOf(page, "Waiting for you");
    await tabTo(page, page.getByRole("button", { name: "Reject" }));
    await press("Space");
    await statusOf(page, "Done");

    await tabTo(page, page.getByRole("button", { name: /^Fork/ }));
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await expectFocus(page.getByRole("button", { name: /^Fork/ }));
  });
});

describe("the page, looked at by axe and on a phone", () => {
  it("has no violations in light or dark, whatever it shows", async () => {
    const page = await newPage(browser, url);
    const newThread = page.getByRole("region", { name: "Welcome" }).getByRole("button", { name: "New thread" });
    await newThread.waitFor();
    expect(await axeViolations(page), "welcome").toEqual([]);
    await newThread.click();
    await statusOf(page, "New");
    expect(await axeViolations(page), "empty").toEqual([]);
    await page.getByRole("button", { name: "Please refund order 1043" }).click();
    await statusOf(page, "Waiting for you");
    expect(await axeViolations(page), "interrupted").toEqual([]);
    await page.getByRole("button", { name: "Approve" }).click();
    await statusOf(page, "Done");
    await checkpointRows(page).filter({ hasText: "approval" }).click();
    expect(await axeViolations(page), "an earlier checkpoint").toEqual([]);
    await page.getByRole("button", { name: /^Fork/ }).click();
    await page.getByRole("dialog").waitFor();
    expect(await axeViolations(page), "the dialog").toEqual([]);
  });

  it("has nothing that axe finds fault with, and fits, in any state that a person may come to", async () => {
    const page = await newPage(browser, url);
    const found: string[] = [];
    await showStates(page, url, async (name) => {
      found.push(...(await axeFindings(page)).map((finding) => `${name}: ${finding}`));
      if ((await widthOf(page)) > page.viewportSize()!.width) found.push(`${name}: is too wide`);
    });
    expect(found).toEqual([]);
  });

  it("can be read as a whole at the zoom of 400 percent", async () => {
    const page = await newPage(browser, url, { viewport: { width: 360, height: 225 } });
    await begin(page, "Please refund order 1042");
    await statusOf(page, "Waiting for you");
    const approve = page.getByRole("button", { name: "Approve" });
    await approve.scrollIntoViewIfNeeded();
    const { y, height } = (await approve.boundingBox())!;
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y + height).toBeLessThanOrEqual(225);
    expect(await widthOf(page)).toBe(360);
    await approve.click();
    await statusOf(page, "Done");
  });

  it("fits a narrow screen, one view at a time", async () => {
    const page = await newPage(browser, url, { viewport: { width: 360, height: 740 } });
    await begin(page, "Where is order 1042?");
    await statusOf(page, "Done");
    for (const [view, shows] of [
      ["Threads", page.getByRole("listbox", { name: "Threads" })],
      ["History", page.getByRole("grid", { name: /^Checkpoints/ })],
      ["Conversation", page.getByRole("list", { name: "Messages" })],
    ] as const) {
      await page.getByRole("radio", { name: view }).click();
      await shows.waitFor();
      expect(await widthOf(page), view).toBe(360);
      expect(await axeViolations(page), view).toEqual([]);
    }
  });
});

const widthOf = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth);
