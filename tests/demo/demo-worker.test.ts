import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { endpoint } from "../lanes/savers/harness.js";
import { buildWorkerPage, workerPagePath } from "../../scripts/lib/demo/demo-page.js";
import { makeToken } from "../../scripts/lib/demo/token.js";
import { buildWorker, startWorker } from "../../scripts/lib/demo/worker.js";
import {
  axeViolations,
  begin,
  checkpointRows,
  launchChromium,
  messages,
  newPage,
  policyViolations,
  say,
  statusOf,
} from "../lanes/run/demo-page.js";

/** The same page, served by the Worker and about the Worker's own threads, in a real Chromium and a real workerd. */

const SECRET = crypto.randomUUID();
const vars = {
  AUTH_SECRET: SECRET,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "localSecret",
  AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
  DYNAMODB_TABLE_NAME: "worker-page-test",
};

let token: string;
let folder: string;
let browser: Browser;
let worker: Awaited<ReturnType<typeof startWorker>>;

beforeAll(async () => {
  token = await makeToken({ secret: SECRET, user: "visitor", hours: 1 });
  folder = await mkdtemp(join(tmpdir(), "demo-worker-"));
  await DynamoDBSaver.fromEnv(vars).setup();
  const [built, assets] = await Promise.all([buildWorker(), buildWorkerPage(folder)]);
  [browser, worker] = await Promise.all([launchChromium(), startWorker(built, { vars, assets })]);
});

afterAll(async () => {
  await browser.close();
  await worker.kill().catch(() => {}); // a test has killed it already
  await rm(folder, { recursive: true, force: true });
});

afterEach(() => expect(policyViolations.splice(0)).toEqual([]));

describe("the page of a Worker", () => {
  it("leaves the Worker's own interface as it is", async () => {
    const answer = await fetch(`${worker.url}/ok`, { headers: { authorization: `Bearer ${token}` } });
    expect(await answer.json()).toEqual({ ok: true });
  });

  it("asks for a token where the link had none, and takes the one of the link out of the address", async () => {
    const page = await newPage(browser, `${worker.url}${workerPagePath}`);
    await page.getByRole("heading", { name: "Who are you?" }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel("Token").fill("not.a.token");
    await page.getByRole("button", { name: "Show my threads" }).click();
    await page.getByRole("alert").filter({ hasText: "UNAUTHENTICATED" }).waitFor();

    await page.goto(`${worker.url}${workerPagePath}#token=${token}`);
    await page.getByRole("region", { name: "Welcome" }).waitFor();
    expect(page.url()).toBe(`${worker.url}${workerPagePath}`);
    await page.reload();
    await page.getByRole("region", { name: "Welcome" }).waitFor();
  });

  it("takes a document with a message, remembers in other threads, and says what a run cost", async () => {
    const page = await newPage(browser, `${worker.url}${workerPagePath}#token=${token}`);
    await page.getByRole("button", { name: "New thread" }).first().click();
    await statusOf(page, "New");
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Attach a document" }).press("Enter");
    const file = (name: string, text: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
    await (await choosing).setFiles(file("other.log", "nothing"));
    await page.getByRole("button", { name: "Leave out other.log" }).click();
    await page.locator("input[type=file]").setInputFiles(file("device.log", "fine\nERROR E-417 ünï\n"));
    await page.getByRole("button", { name: "Leave out device.log" }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await say(page, "Please find E-417 in my log.");
    await statusOf(page, "Done");
    expect((await messages(page)).at(-1)).toBe("Line 2 of device.log: ERROR E-417 ünï");
    expect(await page.getByText(/^The last run:/).innerText()).toMatch(
      /^The last run: [1-9]\d* requests to storage, [\d.]+ read units, [\d.]+ write units, [\d.,]+ kB$/,
    );
    expect(await page.getByRole("button", { name: /^Leave out/ }).count()).toBe(0); // it was sent

    await begin(page, "Remember that I wear size 43.");
    await statusOf(page, "Done");
    await begin(page, "What do you know about me?");
    await page.getByText("I know this: I wear size 43.").first().waitFor();
  });

  it("says why a state that only the graph may write is not stored", async () => {
    const page = await newPage(browser, `${worker.url}${workerPagePath}#token=${token}`);
    await begin(page, "What is 6 * 7?");
    await statusOf(page, "Done");
    await page.getByRole("button", { name: /^Edit/ }).click();
    await page.getByRole("textbox", { name: "State" }).fill('{"messages": [], "refunds": [1]}');
    await page.getByRole("button", { name: "Store as a new branch" }).click();
    await page
      .getByRole("dialog")
      .getByText(/A caller of this agent writes messages of people/)
      .waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  it("shows the Worker's threads, approves and forks, and says so when the Worker is gone", async () => {
    const page = await newPage(browser, `${worker.url}${workerPagePath}#token=${token}`);
    await begin(page, "Please refund order 1042");
    await statusOf(page, "Waiting for you");
    await page.reload();
    await page.getByRole("button", { name: "Approve" }).click();
    await statusOf(page, "Done");
    expect((await messages(page)).at(-1)).toMatch(/€129\.90 for order 1042/);

    await checkpointRows(page).filter({ hasText: "agent" }).last().click();
    await page.getByRole("button", { name: /^Fork/ }).click();
    await page.getByRole("textbox", { name: "Question" }).fill("What is 6 * 7?");
    await page.getByRole("button", { name: "Start the branch" }).click();
    await page.getByText("That makes 42.").first().waitFor();
    await statusOf(page, "Done");
    expect(await messages(page)).toEqual(["What is 6 * 7?", "That makes 42."]);

    await worker.kill();
    await say(page, "What is 1 + 1?");
    await page.getByRole("alert").filter({ hasText: "SERVER_UNREACHABLE" }).waitFor();
  });
});
