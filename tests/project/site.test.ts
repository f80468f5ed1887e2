import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildSite, builtSite } from "../../scripts/lib/site/build.js";
import { pagesOfSite, repository, textOf } from "../../scripts/lib/site/pages.js";
import { serveSite } from "../../scripts/lib/site/serve.js";
import { launchChromium } from "../lanes/run/demo-page.js";

/* The site that `npm run docs:site` makes of the Markdown files, in Chromium. Needs no server. */

/** Not at the root, where a link that forgets the base would still lead somewhere. */
const BASE = "/checkpoint/";

let site: Awaited<ReturnType<typeof serveSite>>;
let browser: Browser;
let page: Page;
/** What the pages complained of. */
const complaints: string[] = [];

beforeAll(async () => {
  await buildSite(BASE);
  site = await serveSite(builtSite, BASE);
  browser = await launchChromium();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("response", (response) => response.ok() || complaints.push(`${response.status()} ${response.url()}`));
}, 400_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test("every page of the index is in the menu, and a link to what is no page leads to the repository", () => {
  const pages = pagesOfSite();

  expect(pages.map(({ source }) => source)).toEqual(
    expect.arrayContaining(["README.md", "docs/README.md", "docs/storage.md", "SECURITY.md", "CONTRIBUTING.md"]),
  );
  const start = textOf("docs/getting-started.md", pages);
  expect(start).toContain("](../index.md)");
  expect(start).toContain("](./credentials.md)");
  expect(start).toContain(`](${repository()}/tree/main/workers)`);
  expect(start).toContain(`](${repository()}/blob/main/wrangler.toml)`);
});

test("every link between pages leads to a page, and every anchor to a place there", async () => {
  const anchors = new Map<string, Set<string>>();
  const links: { from: string; to: string }[] = [];
  const waiting = [site.url];
  for (const url of waiting) {
    await page.goto(url);
    const found = await page.evaluate(() => ({
      ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
      hrefs: [...document.querySelectorAll("a[href]")].map((link) => (link as HTMLAnchorElement).href),
      brokenPictures: [...document.images].filter((image) => image.complete && image.naturalWidth === 0).length,
    }));
    anchors.set(url, new Set(found.ids));
    if (found.brokenPictures > 0) complaints.push(`${url} has a picture that is not there`);
    for (const to of found.hrefs.filter((href) => href.startsWith(site.url))) {
      links.push({ from: url, to });
      const [target = ""] = to.split("#");
      if (!waiting.includes(target)) waiting.push(target);
    }
  }
  const dead = links.filter(({ to }) => {
    const [target = "", anchor] = to.split("#");
    return anchor !== undefined && !anchors.get(target)?.has(decodeURIComponent(anchor));
  });

  expect(anchors.size).toBeGreaterThanOrEqual(pagesOfSite().length);
  expect(links.length).toBeGreaterThan(200);
  expect(dead).toEqual([]);
  expect(complaints).toEqual([]);
}, 240_000);

test("the search finds a page by a word in it, by keyboard alone, and asks no server", async () => {
  await page.goto(site.url);
  const asked: string[] = [];
  page.on("request", (request) => request.url().startsWith(site.url) || asked.push(request.url()));

  // Until the page's script listens, a key does nothing.
  while (!(await page.locator("#localsearch-input").isVisible())) {
    await page.keyboard.press("Control+k");
    await page.waitForTimeout(500);
  }
  await page.keyboard.type("THREAD_BUSY");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/docs\/.*\.html/);

  // The address changes before the page does.
  await page.getByRole("main").getByText("THREAD_BUSY").first().waitFor();
  expect(asked).toEqual([]);
}, 120_000);
