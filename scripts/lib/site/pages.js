import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { remark } from "remark";
import remarkGfm from "remark-gfm";
import { visit } from "unist-util-visit";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The index of the documentation says which pages there are, and in which order. */
const INDEX = "docs/README.md";
const OF_THE_PROJECT = ["CHANGELOG.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

/**
 * @typedef {object} Page
 * @property {string} source from the project's folder on
 * @property {string} title
 */

/**
 * The pages of the site: the README, the index, what the index links to, and what contributors read.
 * @returns {Page[]}
 */
export function pagesOfSite() {
  /** @type {Page[]} */
  const linked = [];
  visit(parse(read(INDEX)), "link", ({ url, children: [text] }) => {
    const source = join(dirname(INDEX), url);
    if (url.endsWith(".md") && source !== "README.md")
      linked.push({ source, title: text && "value" in text ? text.value : source });
  });
  const ofProject = OF_THE_PROJECT.map((source) => ({ source, title: headingOf(source) }));
  ofProject[0] = { source: "CHANGELOG.md", title: "Changes" };
  return [{ source: "README.md", title: "Start" }, { source: INDEX, title: "All pages" }, ...linked, ...ofProject];
}

/** @param {string} source */
const headingOf = (source) => /^# (.*)$/m.exec(read(source))?.[1] ?? source;

/** Where a page lies in the site, as VitePress wants it: a README is its folder's index. @param {string} source */
export const placeOf = (source) => source.replace(/(^|\/)README\.md$/, "$1index.md");

/**
 * A page's text, with links that hold in the site: to other pages there, and to the repository for what is no page.
 * @param {string} source
 * @param {Page[]} pages
 */
export function textOf(source, pages) {
  const text = read(source);
  /** @type {{ from: number, to: number, url: string }[]} */
  const changes = [];
  visit(parse(text), ["link", "image"], (node) => {
    const { start, end } = node.position ?? {};
    if (!("url" in node) || start?.offset === undefined || end?.offset === undefined) return;
    const url = urlInSite(node.url, source, pages);
    const from = text.lastIndexOf(`](${node.url}`, end.offset) + "](".length;
    if (url !== node.url && from > start.offset) changes.push({ from, to: from + node.url.length, url });
  });
  // VitePress takes the picture of `src="docs/a.png"` for a package's; it has to begin with a dot.
  visit(parse(text), "html", ({ value, position }) => {
    for (const { index, 0: beginning } of value.matchAll(/\b(?:src|srcset)="(?=\w[^":]*")/g)) {
      const at = (position?.start.offset ?? 0) + index + beginning.length;
      changes.push({ from: at, to: at, url: "./" });
    }
  });
  changes.sort((a, b) => a.from - b.from);
  return changes.reduceRight((changed, { from, to, url }) => changed.slice(0, from) + url + changed.slice(to), text);
}

/** @param {string} url @param {string} source @param {Page[]} pages */
function urlInSite(url, source, pages) {
  if (/^(#|[a-z]+:)/.test(url)) return url;
  const [path = "", anchor] = url.split("#");
  const target = relative(root, resolve(root, dirname(source), path)).replaceAll("\\", "/");
  if (!existsSync(root + target)) return url; // VitePress says that it is dead.
  const behind = anchor === undefined ? "" : `#${anchor}`;
  const page = [target, `${target}/README.md`].find((one) => pages.some((page) => page.source === one));
  if (page === undefined) return `${repository()}/${isFolder(target) ? "tree" : "blob"}/main/${target}${behind}`;
  const way = relative(dirname(placeOf(source)), placeOf(page)).replaceAll("\\", "/");
  return (way.startsWith(".") ? way : `./${way}`) + behind;
}

/** @param {string} path */
const isFolder = (path) => statSync(root + path).isDirectory();

/** Its address, which package.json alone has. */
export function repository() {
  return JSON.parse(read("package.json")).repository.url.replace(/^git\+|\.git$/g, "");
}

/** @param {string} path */
const read = (path) => readFileSync(root + path, "utf8");

/** @param {string} text */
const parse = (text) => remark().use(remarkGfm).parse(text);
