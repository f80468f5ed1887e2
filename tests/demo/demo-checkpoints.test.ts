import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  checkpointRows,
  expectFocus,
  messages,
  newPage,
  policyViolations,
  say,
  statusOf,
  tabTo,
} from "../lanes/run/demo-page.js";
import { calculated, clipboard, editState, openDemo, somebodyElse, threadOf, type OpenedDemo } from "./opened-demo.js";

/* What can be done with a checkpoint: in a real Chromium. */

let opened: OpenedDemo;

beforeAll(async () => {
  opened = await openDemo();
});

afterAll(() => opened?.close());

afterEach(async () => {
  expect(policyViolations.splice(0)).toEqual([]);
  await Promise.all(opened.browser.contexts().map((context) => context.close()));
});

const stateTree = (page: Page) => page.getByRole("treegrid", { name: /^State at/ });

describe("a link to a checkpoint", () => {
  it("is the address of the page, shows the same after a reload and in another tab, and can be copied", async () => {
    const page = await calculated(opened);
    await checkpointRows(page).filter({ hasText: "tools" }).click();
    await page.getByText("as it was at step 1").waitFor();
    expect(page.url()).toMatch(/#\/threads\/thread-\w+\/checkpoints\/[\w-]+$/);
    await page.getByRole("button", { name: "Copy link" }).click();
    await statusOf(page, "Copied");
    expect(await clipboard(page)).toBe(page.url());

    await page.reload();
    await page.getByText("as it was at step 1").waitFor();
    const other = await newPage(opened.browser, page.url());
    await other.getByText("as it was at step 1").waitFor();
    await other.getByRole("button", { name: "Back to the latest" }).click();
    await other.getByText("as it was at step 1").waitFor({ state: "detached" });
    expect(other.url()).toMatch(/#\/threads\/thread-\w+$/);
  });

  it("leaves the Back button to what was shown before the thread", async () => {
    const page = await calculated(opened);
    await checkpointRows(page).nth(1).click();
    await checkpointRows(page).nth(2).click();
    await page.getByText("as it was at step 1").waitFor();
    await page.goBack();
    await page.getByRole("region", { name: "Welcome" }).waitFor();
  });

  it("that leads nowhere says so, and shows the latest", async () => {
    const page = await calculated(opened);
    await page.goto(`${page.url()}/checkpoints/1f0-none`);
    await statusOf(page, "no checkpoint of that address");
    expect(await page.getByRole("heading", { name: "Step 3" }).count()).toBe(1);
    expect(await axeViolations(page)).toEqual([]);
  });
});

it("a state is copied as the JSON that the server gives", async () => {
  const page = await calculated(opened);
  await page.getByRole("button", { name: "Copy JSON" }).click();
  await statusOf(page, "Copied");
  const { values } = await somebodyElse(opened).threads.getState(threadOf(page));
  expect(JSON.parse(await clipboard(page))).toEqual(values);
});

describe("an edited state", () => {
  it("is a branch of its own, with the message that was changed in its place", async () => {
    const page = await calculated(opened);
    const before = (await checkpointRows(page).all()).length;
    await page.getByRole("button", { name: "Copy JSON" }).click();
    await statusOf(page, "Copied");
    const state = JSON.parse(await clipboard(page)) as { messages: { content: string }[] };
    state.messages.at(-1)!.content = "That makes *forty-two*.";
    await editState(page, state);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByText("forty-two").first().waitFor();
    expect(await messages(page)).toEqual(["What is 6 * 7?", "That makes forty-two."]);
    expect(await checkpointRows(page).count()).toBe(before + 1);
    expect(await checkpointRows(page).first().innerText()).toMatch(/update/);
  });

  it("may have fewer messages, and begins where one looks", async () => {
    const page = await calculated(opened);
    await checkpointRows(page).filter({ hasText: "loop" }).last().click();
    await editState(page, { messages: [{ type: "human", content: "Only this." }] }, "__start__");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("list", { name: "Messages" }).getByText("Only this.").waitFor();
    expect(await messages(page)).toEqual(["Only this."]);
    expect(page.url()).not.toContain("checkpoints");
  });

  it("that is no JSON, or changes nothing, says so and keeps what was typed", async () => {
    const page = await calculated(opened);
    await editState(page, '{"messages": oops}');
    await page.getByText(/This is not JSON/).waitFor();
    expect(await page.getByRole("textbox", { name: "State" }).inputValue()).toBe('{"messages": oops}');
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Edit/ }).click();
    await page.getByRole("button", { name: "Store as a new branch" }).click();
    await page.getByText("Nothing has been changed yet.").waitFor();
    expect(await checkpointRows(page).count()).toBe(5);
  });
});

it("two checkpoints are compared, whichever one chooses", async () => {
  const page = await calculated(opened);
  await checkpointRows(page).filter({ hasText: "end" }).click();
  const added = stateTree(page).getByRole("row", { name: /, added$/ });
  await expect.poll(() => added.count()).toBe(1);
  await page.getByRole("combobox", { name: "against" }).selectOption({ label: await labelOf(page, /^step 0,/) });
  await expect.poll(() => added.count()).toBe(3);
  await page.getByText("3 changes").waitFor();
  expect(await axeViolations(page)).toEqual([]);
});

const labelOf = async (page: Page, name: RegExp): Promise<string> =>
  (await page.getByRole("combobox", { name: "against" }).getByRole("option").allInnerTexts()).find((text) =>
    name.test(text),
  )!;

it("whoever has no mouse does all of this by keyboard alone", async () => {
  const page = await calculated(opened);
  const press = (key: string) => page.keyboard.press(key);
  await tabTo(page, page.getByRole("searchbox", { name: "Search threads" }));
  await page.keyboard.type("nothing like it");
  await page.getByText("No thread fits.").waitFor();
  await press("Escape");
  await tabTo(page, page.getByRole("button", { name: "Export" }));
  await press("Enter");
  await page.getByRole("menu").waitFor();
  await press("ArrowDown");
  const [file] = await Promise.all([page.waitForEvent("download"), press("Enter")]);
  expect(file.suggestedFilename()).toMatch(/\.json$/);
  await expectFocus(page.getByRole("button", { name: "Export" }));

  await tabTo(page, checkpointRows(page).first());
  await press("ArrowDown");
  await page.getByText("as it was at step 2").waitFor();
  await tabTo(page, page.getByRole("button", { name: /^Edit/ }));
  await press("Enter");
  const field = page.getByRole("textbox", { name: "State" });
  await expectFocus(field);
  await press("Control+a");
  await page.keyboard.insertText('{"messages": [{"type": "ai", "content": "By keyboard."}]}');
  await tabTo(page, page.getByRole("button", { name: "Store as a new branch" }));
  await press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByText("By keyboard.").first().waitFor();

  const against = page.getByRole("combobox", { name: "against" });
  await tabTo(page, against);
  const before = await against.inputValue();
  await press("ArrowDown");
  expect(await against.inputValue()).not.toBe(before);
  await tabTo(page, page.getByRole("button", { name: "Copy link" }));
  await press("Enter");
  await statusOf(page, "Copied");
  expect(await clipboard(page)).toMatch(/\/checkpoints\//);
  await say(page, "What is 1 + 1?");
  await page.getByText("That makes 2.").first().waitFor();
});
