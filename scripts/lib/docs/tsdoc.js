import { fileURLToPath } from "node:url";
import { Node, Project } from "ts-morph";

/** @import { JSDocableNode, SourceFile } from "ts-morph" */

/**
 * What a TSDoc comment says.
 * @typedef {object} Doc
 * @property {string} text what it is, as Markdown; `""` when nothing says it
 * @property {string | undefined} standard the default, from a closing sentence "Default: …."
 * @property {{ name: string, text: string }[]} tags
 */

const folder = new URL("../../../src/", import.meta.url);

/** The sources of the package, parsed. */
export function openSources() {
  const project = new Project({ tsConfigFilePath: fileURLToPath(new URL("tsconfig.json", folder)) });
  return {
    /** @param {string} name @returns {SourceFile} */
    file: (name) => project.getSourceFileOrThrow(fileURLToPath(new URL(name, folder))),
  };
}

/**
 * @param {Node & JSDocableNode} node
 * @returns {Doc}
 */
export function docOf(node) {
  // Of overloads, the first has the comment.
  const docs = [...(Node.isMethodDeclaration(node) ? node.getOverloads() : []), node].flatMap((declaration) =>
    declaration.getJsDocs(),
  );
  const whole = docs
    .map((doc) => plain(doc.getDescription()))
    .join("\n\n")
    .trim();
  const [, text = whole, standard] = /^(.*?)\s*Default: (.*)\.$/s.exec(whole) ?? [];
  const tags = docs
    .flatMap((doc) => doc.getTags())
    .map((tag) => {
      const parameter = Node.isJSDocParameterTag(tag) ? `\`${tag.getName()}\`: ` : "";
      return {
        name: tag.getTagName(),
        text: parameter + plain(tag.getCommentText() ?? "").replace(/^DynamoDBSaverError\b/, "`DynamoDBSaverError`"),
      };
    });
  return { text, standard: standard?.trim(), tags };
}

/** @param {Doc} doc @param {string} name @returns {string[]} what its tags of that name say */
export const tagged = (doc, name) => doc.tags.filter((tag) => tag.name === name).map((tag) => tag.text);

/**
 * The members of a union that each have a comment before them.
 * @param {string} source
 * @returns {{ name: string, text: string }[]}
 */
export const unionMembers = (source) =>
  [...source.matchAll(/\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*\|\s*"(\w+)"/g)].map(([, text = "", name = ""]) => ({
    name,
    text: plain(text.replace(/^\s*\* ?/gm, "")),
  }));

/** A type as a reader writes it: `undefined` is what a `?` says already. @param {Node | undefined} node */
export const typeText = (node) => (node?.getText() ?? "").replace(/ \| undefined$/, "").replace(/\s+/g, " ");

/** `{@link X}` as code, in lines that Markdown wraps by itself. @param {string} text */
function plain(text) {
  const linked = text.trim().replace(/\{@link (\w+)\}/g, "`$1`");
  // An example keeps its lines.
  return linked
    .split(/(```[\s\S]*?```)/)
    .map((part) => (part.startsWith("```") ? part : part.replace(/(\S)[ \t]*\n(?=\S)/g, "$1 ")))
    .join("");
}
