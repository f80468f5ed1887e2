import { Node } from "ts-morph";
import { docOf, tagged } from "./tsdoc.js";

/* The pieces that the sections of docs/api.md are made of. */

/** @import { ClassDeclaration, ParameterDeclaration } from "ts-morph" */
/** @import { Doc } from "./tsdoc.js" */

/**
 * The classes of this package that a class extends.
 * @param {ClassDeclaration} declaration
 * @returns {ClassDeclaration[]}
 */
export function partsOf(declaration) {
  const base = declaration.getBaseClass();
  return base && !base.getSourceFile().isInNodeModules() ? [base, ...partsOf(base)] : [];
}

/**
 * A class that implements an interface has its properties described there.
 * @param {ClassDeclaration} declaration
 * @param {import("ts-morph").ClassInstancePropertyTypes} property
 */
export function detailsOf(declaration, property) {
  const own = Node.isPropertyDeclaration(property) ? docOf(property) : commentOf(property);
  if (own.text !== "") return own;
  const interfaces = declaration
    .getImplements()
    .flatMap((clause) => clause.getType().getSymbol()?.getDeclarations() ?? []);
  const described = interfaces.flatMap((i) =>
    Node.isInterfaceDeclaration(i) ? (i.getProperty(property.getName()) ?? []) : [],
  );
  return described[0] ? docOf(described[0]) : own;
}

/** A parameter that is a property has a comment, but no TSDoc node. @param {Node} node @returns {Doc} */
function commentOf(node) {
  const text = node
    .getLeadingCommentRanges()
    .map((range) => range.getText().replace(/^\/\*\*\s*|\s*\*\/$/g, ""))
    .join(" ");
  return { text, standard: undefined, tags: [] };
}

/**
 * @param {string} name
 * @param {ParameterDeclaration[]} parameters
 * @param {string} returns
 * @param {Doc} doc
 * @param {string} owner the class
 */
export function callSection(name, parameters, returns, doc, owner) {
  return [
    `### ${name}()`,
    "",
    "```ts signature",
    signature(name, parameters, returns),
    "```",
    "",
    ...textOf(doc, owner),
  ];
}

/** @param {string} name @param {ParameterDeclaration[]} parameters @param {string} returns */
export const signature = (name, parameters, returns) =>
  `${name}(${parameters.map((p) => p.getText().replace(/\s+/g, " ")).join(", ")})${returns && `: ${returns}`}`;

/**
 * What the examples of a class or an interface use without making it: a test completes them by that, and compiles them.
 * @type {Record<string, string>}
 */
const GIVEN = {
  DynamoDBSaver: [
    'import { Command } from "@langchain/langgraph";',
    'import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";',
    "declare const checkpointer: DynamoDBSaver;",
    "declare const file: { write(text: string): unknown };",
    "declare const graph: { invoke(input: object, config: object): Promise<unknown> };",
    "declare const resume: string;",
  ].join("\n"),
  LongWorkOptions:
    'import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";\ndeclare const checkpointer: DynamoDBSaver;',
  VectorIndex: [
    'import type { VectorIndex, VectorMatch } from "langgraph-checkpoint-dynamodb";',
    "declare const myService: {",
    "  upsert(vectors: { id: string; namespace: string[]; key: string; vectors: Float32Array[] }): Promise<void>;",
    "  remove(id: string): Promise<void>;",
    "  nearest(query: { namespacePrefix: string[]; query: Float32Array; limit: number }): Promise<VectorMatch[]>;",
    "};",
  ].join("\n"),
};

/**
 * An example, behind what completes it where it is not a program by itself.
 * @param {string} example
 * @param {string} owner
 */
const withGiven = (example, owner) =>
  example.includes("\nimport ") || !GIVEN[owner]
    ? [example, ""]
    : [`<!-- given:\n${GIVEN[owner]}\n-->`, "", example, ""];

/** What a comment says, its tags included. @param {Doc} doc @param {string} owner what it belongs to */
export function textOf(doc, owner) {
  const items = [
    ...tagged(doc, "param").map((text) => `- ${text}`),
    ...tagged(doc, "returns").map((text) => `- Returns ${text}`),
    ...tagged(doc, "throws").map((text) => `- Throws ${text}`),
  ];
  return [
    ...(doc.text ? [doc.text, ""] : []),
    ...items,
    ...(items.length > 0 ? [""] : []),
    ...tagged(doc, "example").flatMap((example) => withGiven(example, owner)),
  ];
}

/** @param {string} text */
export const cell = (text) => text.replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ");
