import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@langchain/langgraph-sdk";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { createAgentServer } from "langgraph-checkpoint-dynamodb/server";
import type { Browser, Page } from "playwright-core";
import { claimPort } from "../../scripts/lib/servers/ports.js";
import { createAgent } from "../../workers/agent.js";
import { RuleModel } from "../../workers/model/rule-model.js";
import { begin, launchChromium, newPage, runDemo, statusOf } from "../lanes/run/demo-page.js";

export interface OpenedDemo {
  browser: Browser;
  demo: Awaited<ReturnType<typeof runDemo>>;
  /** Where the page is. */
  url: string;
  /** Where its DynamoDB is. */
  dynamodb: string;
  /** Where that keeps its table. */
  folder: string;
  close: () => Promise<void>;
}

/** Starts `npm run demo:browser` on ports and in a folder of its own, and a Chromium for its page. */
export async function openDemo(): Promise<OpenedDemo> {
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  const [port, dynamodbPort] = [await claimPort(0, "the page"), await claimPort(0, "DynamoDB")];
  const [browser, demo] = await Promise.all([
    launchChromium(),
    runDemo("--port", String(port), "--dynamodb-port", String(dynamodbPort), "--data", folder),
  ]);
  return {
    browser,
    demo,
    url: `http://127.0.0.1:${port}/`,
    dynamodb: `http://127.0.0.1:${dynamodbPort}/`,
    folder,
    close: async () => {
      await browser.close();
      await demo.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Somebody else at the threads of the page: its agent, in this process. */
export function somebodyElse({ dynamodb }: OpenedDemo): Client {
  const server = createAgentServer({
    graphs: { agent: createAgent(new RuleModel()) },
    checkpointer: new DynamoDBSaver({
      tableName: "langgraph-checkpoints",
      region: "us-east-1",
      endpoint: dynamodb,
      credentials: { accessKeyId: "local", secretAccessKey: "localSecret" },
    }),
    authenticate: false,
  });
  return new Client({
    apiUrl: "https://agent.example",
    apiKey: null,
    callerOptions: { fetch: (url: string, init?: RequestInit) => server.fetch(new Request(url, init)) },
  });
}

/** The id of the thread that a page shows. */
export const threadOf = (page: Page): string => new URL(page.url()).hash.split("/")[2]!;

/** A page that may use the clipboard, with a thread of one question, at its end. */
export async function calculated({ browser, url }: OpenedDemo): Promise<Page> {
  const page = await newPage(browser, url, { permissions: ["clipboard-read", "clipboard-write"] });
  await begin(page, "What is 6 * 7?");
  await statusOf(page, "Done");
  return page;
}

export const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

/** Fills in the dialog for the state that is shown, and sends it off. */
export async function editState(page: Page, state: object | string, node = "agent"): Promise<void> {
  await page.getByRole("button", { name: /^Edit/ }).click();
  await page
    .getByRole("textbox", { name: "State" })
    .fill(typeof state === "string" ? state : JSON.stringify(state, null, 2));
  await page.getByRole("combobox", { name: "In the name of" }).selectOption(node);
  await page.getByRole("button", { name: "Store as a new branch" }).click();
}
