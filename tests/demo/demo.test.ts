import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  begin,
  checkpointRows,
  messages,
  newPage,
  policyViolations,
  runDemo,
  say,
  statusOf,
  timeline,
} from "../lanes/run/demo-page.js";
import { openDemo, type OpenedDemo } from "./opened-demo.js";

/** The page with the agent in it, in a real Chromium, served by `npm run demo:browser`. */

const credentials = { accessKeyId: "local", secretAccessKey: "localSecret" };

let opened: OpenedDemo;
let browser: OpenedDemo["browser"];
let demo: OpenedDemo["demo"];
let url: OpenedDemo["url"];
let dynamodb: OpenedDemo["dynamodb"];
let folder: OpenedDemo["folder"];

beforeAll(async () => {
  opened = await openDemo();
  ({ browser, demo, url, dynamodb, folder } = opened);
});

afterAll(() => opened?.close());

afterEach(async () => {
  expect(policyViolations.splice(0)).toEqual([]);
  await Promise.all(browser.contexts().map((context) => context.close()));
});

describe("npm run demo:browser", () => {
  it("prints where the page is", () => {
    expect(demo.output).toContain(url);
  });

  it("says which option chooses another port when one is taken", async () => {
    const second = await runDemo("--port", new URL(url).port, "--data", folder);
    expect(second.code).toBe(1);
    expect(second.output.trim()).toBe(
      `npm run demo:browser failed: Port ${new URL(url).port} for the page is taken. Choose another with npm run ` +
        "demo:browser -- --port N.",
    );
  });
});

describe("the agent in the page", () => {
  it("answers, and every superstep is in the history, newest first", async () => {
    const page = await newPage(browser, url);
    await begin(page, "What is 6 * 7?");
    await statusOf(page, "Running");
    await statusOf(page, "Done");
    expect(await messages(page)).toEqual(["What is 6 * 7?", "That makes 42."]);
    expect(await timeline(page)).toEqual([
      "3 loop end",
      "2 loop agent",
      "1 loop tools",
      "0 loop agent",
      "-1 input __start__",
    ]);
  });

  it("asks a person, and goes on after a reload", async () => {
    const page = await newPage(browser, url);
    await begin(page, "Please refund order 1042");
    await statusOf(page, "Waiting for you");
    await page.reload();
    await statusOf(page, "Waiting for you");
    const approval = page.getByRole("region", { name: "Do you approve?" });
    expect(await approval.innerText()).toMatch(/refund_order[^]*order_id[^]*1042[^]*amount[^]*129\.9/);

    await approval.getByRole("button", { name: "Approve" }).click();
    await statusOf(page, "Done");
    expect((await messages(page)).at(-1)).toMatch(/€129\.90 for order 1042/);
  });

  it("knows in another thread what it was told to remember", async () => {
    const page = await newPage(browser, url);
    await begin(page, "Remember that I wear size 43.");
    await statusOf(page, "Done");
    await begin(page, "What do you know about me?");
    await page.getByText("I know this: I wear size 43.").first().waitFor();
  });

  it("hears why a person has declined", async () => {
    const page = await newPage(browser, url);
    await begin(page, "Please refund order 1041");
    await page.getByRole("textbox", { name: /Reason/ }).fill("the jacket was worn");
    await page.getByRole("button", { name: "Reject" }).click();
    await statusOf(page, "Done");
    expect((await messages(page)).at(-1)).toMatch(/declined \(the jacket was worn\)/);
  });

  it("goes on with a run that a reload broke off", async () => {
    const page = await newPage(browser, url);
    // The agent now thinks for as long as the clock stands still.
    await page.clock.install();
    await page.reload();
    await page.clock.pauseAt(Date.now() + 60_000);
    await begin(page, "Where is order 1043?");
    await statusOf(page, "Running");
    const thread_id = page.url().split("/").at(-1);
    const saver = new DynamoDBSaver({
      tableName: "langgraph-checkpoints",
      region: "us-east-1",
      endpoint: dynamodb,
      credentials,
    });
    await expect
      .poll(async () => (await saver.getTuple({ configurable: { thread_id } }))?.metadata?.step, { timeout: 20_000 })
      .toBe(0);
    await page.clock.resume();
    await page.reload();
    await statusOf(page, "Running");
    await statusOf(page, "Done");
    expect(await messages(page)).toEqual(["Where is order 1043?", expect.stringMatching(/espresso grinder/)]);
  });

  it("shows each thread at an address of its own, and deletes it with all it stored", async () => {
    const page = await newPage(browser, url);
    await begin(page, "What is 1 + 1?");
    await statusOf(page, "Done");
    const name = await page.getByRole("heading", { level: 2, name: /^thread-/ }).innerText();
    const items = page.getByRole("listbox", { name: "Threads" });
    await items.getByRole("option", { name }).waitFor();
    expect(page.url()).toBe(`${url}#/threads/${name}`);

    await page.getByRole("button", { name: "Delete this thread" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete thread" }).click();
    await items.getByRole("option", { name }).waitFor({ state: "detached" });
    await page.goto(`${url}#/threads/${name}`);
    await statusOf(page, `Nothing is stored as ${name}`);
    expect(await items.getByRole("option", { name }).count()).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
  });
});

describe("time travel", () => {
  it("replays a checkpoint as it is, and forks another with an edited question; the other branches stay", async () => {
    const page = await newPage(browser, url);
    await begin(page, "Please refund order 1042");
    await page.getByRole("button", { name: "Approve" }).click();
    await statusOf(page, "Done");

    await checkpointRows(page).filter({ hasText: "approval" }).click();
    await page.getByText("as it was at step 3").waitFor();
    await page.getByRole("button", { name: "Replay" }).click();
    await statusOf(page, "Waiting for you");
    await page.getByRole("button", { name: "Reject" }).click();
    await statusOf(page, "Done");
    expect((await messages(page)).at(-1)).toMatch(/declined/);

    await checkpointRows(page).filter({ hasText: "agent" }).last().click();
    await page.getByRole("button", { name: /^Fork/ }).click();
    await page.getByRole("textbox", { name: "Question" }).fill("What is 6 * 7?");
    await page.getByRole("button", { name: "Start the branch" }).click();
    await statusOf(page, "Running");
    await statusOf(page, "Done");
    expect(await messages(page)).toEqual(["What is 6 * 7?", "That makes 42."]);

    const branches = await checkpointRows(page)
      .locator("td, [role=rowheader]")
      .filter({ hasText: "branches begin here" })
      .allInnerTexts();
    expect(branches.map((text) => text.trim())).toHaveLength(2);
    const approved = checkpointRows(page).filter({ hasText: "other branch" }).filter({ hasText: "end" }).last();
    await approved.click();
    await page.getByText("Done: €129.90 for order 1042").first().waitFor();
  });

  it("shows the state as a tree, with what has changed since the parent", async () => {
    const page = await newPage(browser, url);
    await begin(page, "What is 6 * 7?");
    await statusOf(page, "Done");
    await checkpointRows(page).filter({ hasText: "tools" }).click();
    const tree = page.getByRole("treegrid", { name: "State at step 1" });
    const added = tree.getByRole("row", { name: /, added$/ });
    expect(await added.count()).toBe(1);
    expect(await added.innerText()).toMatch(/1[^]*ai[^]*added/);
    expect(await tree.getByRole("row", { name: /^0: human: What is 6 \* 7\?/ }).count()).toBe(1);
  });
});

describe("when DynamoDB is gone", () => {
  it("the error says its code and a remedy, the message is given back, and it works again later", async () => {
    const page = await newPage(browser, url);
    await begin(page, "What is 1 + 2?");
    await statusOf(page, "Done");
    await page.context().route(`${dynamodb}**`, (route) => route.abort("connectionrefused"));
    await say(page, "What is 3 + 4?");
    const alert = page.getByRole("alert");
    await alert.filter({ hasText: "NETWORK" }).waitFor();
    expect(await alert.innerText()).toMatch(/Check that DynamoDB still runs/);
    await page.getByRole("textbox", { name: "Message" }).and(page.locator("text=What is 3 + 4?")).waitFor();
    expect(await axeViolations(page)).toEqual([]);

    await page.context().unroute(`${dynamodb}**`);
    await alert.getByRole("button", { name: "Read again" }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await statusOf(page, "Running");
    await statusOf(page, "Done");
    expect(await messages(page)).toEqual(["What is 1 + 2?", "That makes 3.", "What is 3 + 4?", "That makes 7."]);
  });
});

describe("when DynamoDB is gone before the page is opened", () => {
  it("nothing is said to be empty, nobody can write, and it works again later", async () => {
    const page = await newPage(browser, url);
    await begin(page, "What is 1 + 2?");
    await statusOf(page, "Done");
    await page.context().route(`${dynamodb}**`, (route) => route.abort("connectionrefused"));
    await page.reload();
    await page.getByRole("navigation", { name: "Threads" }).getByText("They could not be read.").waitFor();
    await statusOf(page, "Not read");
    await page
      .getByRole("grid", { name: /^Checkpoints/ })
      .getByText("They could not be read.")
      .waitFor();
    await page.getByRole("textbox", { name: "Message" }).fill("What is 1 + 1?");
    expect(await page.getByRole("button", { name: "Send" }).isEnabled()).toBe(false);
    expect(await axeViolations(page)).toEqual([]);

    await page.context().unroute(`${dynamodb}**`);
    await page.getByRole("button", { name: "Read again" }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("That makes 2.").first().waitFor();
    await statusOf(page, "Done");
  });
});
