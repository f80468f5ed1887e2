import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { remark } from "remark";
import remarkGfm from "remark-gfm";
import remarkValidateLinks from "remark-validate-links";
import { engine } from "unified-engine";
import { visit } from "unist-util-visit";

/** @import { Root } from "mdast" */
/** @import { VFile } from "vfile" */

/**
 * A Markdown file of the project.
 * @typedef {object} Document
 * @property {string} path from the project's folder on, for example `docs/README.md`
 * @property {string[]} headings
 * @property {Block[]} blocks
 * @property {string[]} brokenLinks links and anchors that lead nowhere: where they stand, and what is wrong
 */

/**
 * A fenced block of code.
 * @typedef {object} Block
 * @property {string} place where it stands, for example `README.md:12`
 * @property {string} language
 * @property {string} mark what its fence says behind the language: `run` for a whole program that is run, `run thread`
 *   for one that wants a table with a thread "1", `sqlite` for one beside SqliteSaver, `signature` for what is no code;
 *   what has none of them is compiled
 * @property {string} text
 * @property {string | undefined} given what completes a fragment: its imports and declarations, in a comment `<!--
 *   given: … -->` right before it
 * @property {string | undefined} output what it prints, if a block marked `text output` right behind it says so
 */

const project = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Reads every Markdown file of the project, and follows its relative links and pictures.
 * @param {string} [folder] of another copy of the project, such as an installed one
 * @returns {Promise<Document[]>}
 */
export async function readDocuments(folder = project) {
  /** @type {Document[]} */
  const documents = [];
  const collect = () => (/** @type {Root} */ tree, /** @type {VFile} */ file) => {
    documents.push({
      path: file.path,
      headings: headingsOf(tree),
      blocks: blocksOf(tree, file.path),
      brokenLinks: missingPictures(tree, file.path, folder),
    });
  };
  // The engine's own type for plugins knows none with options.
  const plugins = /** @type {unknown} */ ([
    remarkGfm,
    [remarkValidateLinks, { repository: false, root: folder }],
    collect,
  ]);
  const files = await processAll(/** @type {Plugins} */ (plugins), folder);
  for (const document of documents) {
    const messages = files.find(({ path }) => path === document.path)?.messages ?? [];
    document.brokenLinks.push(...messages.map(({ line, reason }) => `${document.path}:${line ?? "?"}: ${reason}`));
  }
  return documents;
}

/** @typedef {NonNullable<Parameters<typeof engine>[0]["plugins"]>} Plugins */

/**
 * @param {Plugins} plugins
 * @param {string} folder
 * @returns {Promise<VFile[]>}
 */
function processAll(plugins, folder) {
  const options = {
    cwd: folder,
    files: ["."],
    extensions: ["md"],
    processor: remark(),
    plugins,
    output: false,
    out: false,
    streamError: new PassThrough().resume(),
  };
  return new Promise((resolve, reject) => {
    engine(options, (error, _code, context) => (error ? reject(error) : resolve(context?.files ?? [])));
  });
}

/** Those in HTML, which the validator passes over. @param {Root} tree @param {string} path @param {string} folder */
function missingPictures(tree, path, folder) {
  /** @type {string[]} */
  const missing = [];
  visit(tree, "html", ({ value, position }) => {
    for (const [, source = ""] of value.matchAll(/\b(?:src|srcset|href)="([^":]+)"/g)) {
      if (!existsSync(resolve(folder, dirname(path), source)))
        missing.push(`${path}:${position?.start.line ?? "?"}: Cannot find ${source}`);
    }
  });
  return missing;
}

/** @param {Root} tree */
function headingsOf(tree) {
  /** @type {string[]} */
  const headings = [];
  visit(
    tree,
    "heading",
    (heading) => void headings.push(heading.children.map((child) => ("value" in child ? child.value : "")).join("")),
  );
  return headings;
}

/** @param {Root} tree @param {string} path */
function blocksOf(tree, path) {
  /** @type {Block[]} */
  const blocks = [];
  visit(tree, "code", ({ lang, meta, value, position }, index, parent) => {
    const before = parent?.children[(index ?? 0) - 1];
    const [, given] = (before?.type === "html" && /^<!-- given:\s*([^]*?)\s*-->$/.exec(before.value)) || [];
    const next = parent?.children[(index ?? 0) + 1];
    const output = next?.type === "code" && next.lang === "text" && next.meta === "output" ? next.value : undefined;
    blocks.push({
      place: `${path}:${position?.start.line ?? "?"}`,
      language: lang ?? "",
      mark: meta ?? "",
      text: value,
      given,
      output,
    });
  });
  return blocks;
}
