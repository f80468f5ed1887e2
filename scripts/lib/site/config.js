import { readFileSync } from "node:fs";

/* VitePress's configuration. It is copied beside the pages, where `site.json` says what is there. */

/** @type {{ base: string, repository: string, pages: { text: string, link: string }[] }} */
const { base, repository, pages } = JSON.parse(readFileSync(new URL("site.json", import.meta.url), "utf8"));

export default {
  base,
  title: "langgraph-checkpoint-dynamodb",
  description: "Durable memory for LangGraph.js agents on DynamoDB, over nothing but fetch.",
  srcDir: "pages",
  outDir: "dist",
  cacheDir: ".vitepress/cache",
  lastUpdated: false,
  // What a program of the page listens at is no page.
  ignoreDeadLinks: "localhostLinks",
  // An anchor is what GitHub makes of a heading, so that a link holds in both places.
  markdown: { anchor: { slugify: githubSlug } },
  themeConfig: {
    siteTitle: "checkpoint-dynamodb", // as much as there is room for above the menu
    nav: [{ text: "Repository", link: repository }],
    sidebar: [{ items: pages }],
    search: { provider: "local" },
    outline: [2, 3],
  },
};

/** @param {string} heading */
function githubSlug(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}
