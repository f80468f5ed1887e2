import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { AIMessage } from "@langchain/core/messages";
import { MessagesAnnotation, START, StateGraph, interrupt } from "@langchain/langgraph";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { buildWorkerPage, workerPagePath } from "../../scripts/lib/demo/demo-page.js";
import { pageHeaders } from "../../workers/page-headers.js";
import {
  axeViolations,
  begin,
  checkpointRows,
  launchChromium,
  messages,
  newPage,
  policyViolations,
  statusOf,
} from "../lanes/run/demo-page.js";
import { listening, type Listening } from "../lanes/server/listening.js";
import { serve } from "../lanes/server/served.js";

/* The page before a server of another agent: one with graphs inside, no document, and no word about costs. */

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

let folder: string;
let browser: Browser;
let host: Listening;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-any-"));
  await buildWorkerPage(folder);
  const { server } = serve({ graphs: { nested: nested() } });
  host = await listening({
    ...server,
    fetch: (request: Request) => {
      const { pathname } = new URL(request.url);
      return pathname.startsWith(workerPagePath) ? file(pathname) : server.fetch(request);
    },
  });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await host?.close();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  expect(policyViolations.splice(0)).toEqual([]);
  await Promise.all(browser.contexts().map((context) => context.close()));
});

async function file(pathname: string): Promise<Response> {
  const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  return new Response(await readFile(join(folder, path)), { headers: { ...pageHeaders(), "content-type": type } });
}

/** `outer` runs `inner`, which asks; each says something of its own. */
function nested() {
  const inner = new StateGraph(MessagesAnnotation)
    .addNode("think", () => ({ messages: [new AIMessage("Thought in the inner graph.")] }))
    .addNode("ask", () => ({ messages: [new AIMessage(`Heard ${JSON.stringify(interrupt("Really?"))}.`)] }))
    .addEdge(START, "think")
    .addEdge("think", "ask")
    .compile();
  const outer = new StateGraph(MessagesAnnotation)
    .addNode("greet", () => ({ messages: [new AIMessage("Said in the outer graph.")] }))
    .addNode("inner", inner)
    .addEdge(START, "greet")
    .addEdge("greet", "inner")
    .compile();
  return new StateGraph(MessagesAnnotation).addNode("outer", outer).addEdge(START, "outer").compile();
}

it("shows the steps and states of the graphs inside, and of those inside these", async () => {
  const page = await newPage(browser, `${host.url}${workerPagePath}#token=none`);
  await begin(page, "Hello");
  await statusOf(page, "Waiting for you");
  await page.getByRole("button", { name: "Inside outer" }).click();
  const outer = page.getByRole("treegrid", { name: /^State of outer at step/ });
  await outer.getByText("Said in the outer graph.").first().waitFor();
  await page.getByRole("button", { name: "Inside inner" }).click();
  await page
    .getByRole("treegrid", { name: /^State of inner at step/ })
    .getByText("Thought in the inner graph.")
    .first()
    .waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("combobox", { name: "Step of outer" }).selectOption({ label: "0, then greet" });
  await outer.getByText("Said in the outer graph.").first().waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Approve" }).click();
  await statusOf(page, "Done");
  expect((await messages(page)).at(-1)).toBe('Heard {"approve":true}.');
  await checkpointRows(page).filter({ hasText: "outer" }).click();
  await page.getByRole("button", { name: "Inside outer" }).click();
  await page
    .getByRole("treegrid", { name: /^State of outer at step/ })
    .getByText("Heard")
    .first()
    .waitFor();
});

it("offers neither a document nor costs where the server has none", async () => {
  const page = await newPage(browser, `${host.url}${workerPagePath}#token=none`);
  await begin(page, "Hello");
  await statusOf(page, "Waiting for you");
  await page.getByRole("button", { name: "Approve" }).click();
  await statusOf(page, "Done");
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  expect(await page.getByRole("button", { name: "Attach a document" }).count()).toBe(0);
  expect(await page.getByText("The last run").count()).toBe(0);
});
