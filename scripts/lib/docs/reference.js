import { apiPage } from "./api-page.js";
import { configurationPage } from "./configuration-page.js";
import { openSources } from "./tsdoc.js";

/** The pages that are written from the types: `npm run docs` writes them, and a test compares them. */
export function referencePages() {
  const sources = openSources();
  const pages = { "docs/configuration.md": configurationPage(sources), "docs/api.md": apiPage(sources) };
  return Object.entries(pages).map(([name, page]) => ({
    name,
    url: new URL(`../../../${name}`, import.meta.url),
    ...page,
  }));
}
