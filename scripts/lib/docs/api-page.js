import { Node } from "ts-morph";
import { docOf, tagged, typeText, unionMembers } from "./tsdoc.js";

/**
 * @import { ClassDeclaration, FunctionDeclaration, InterfaceDeclaration, MethodDeclaration, ParameterDeclaration,
 *   TypeAliasDeclaration } from "ts-morph"
 */
/** @import { Doc, openSources } from "./tsdoc.js" */

/** What the reader of an option has on another page. */
const elsewhere = new Set(["DynamoDBSaverOptions", "S3Options", "EncryptionOptions", "DynamoDBSaverEnv"]);

/**
 * docs/api.md: what the package exports, from the types and their comments.
 * @param {ReturnType<typeof openSources>} sources
 * @returns {{ text: string, undocumented: string[] }}
 */
export function apiPage(sources) {
  /** @type {string[]} */
  const undocumented = [];
  /** @param {string} name @param {Doc} doc */
  const checked = (name, doc) => {
    if (doc.text === "") undocumented.push(name);
    return doc;
  };

  /** @type {string[]} */
  const classes = [];
  /** @type {string[]} */
  const types = [];
  const exported = sources.file("index.ts").getExportedDeclarations();
  for (const [name, [declaration]] of exported) {
    if (elsewhere.has(name)) continue;
    if (Node.isClassDeclaration(declaration)) classes.push(...classSection(declaration));
    else if (Node.isFunctionDeclaration(declaration)) classes.push(...functionSection(declaration));
    else if (Node.isInterfaceDeclaration(declaration)) types.push(...interfaceSection(declaration));
    else if (Node.isTypeAliasDeclaration(declaration)) types.push(...aliasSection(declaration));
    else undocumented.push(name);
  }

  const lines = [
    "# API",
    "",
    "<!-- Written by `npm run docs` from the types in src/. Change the comments there, not this page. -->",
    "",
    "All names that `langgraph-checkpoint-dynamodb` exports. The options of the constructor are in " +
      "[configuration.md](configuration.md).",
    "",
    ...classes,
    "## Types",
    "",
    ...types,
  ];
  return { text: lines.join("\n").trimEnd() + "\n", undocumented };

  /** @param {string} type */
  function typeCell(type) {
    return exported.has(type) ? `[\`${type}\`](#${type.toLowerCase()})` : cell(`\`${type}\``);
  }

  /** @param {ClassDeclaration} declaration */
  function classSection(declaration) {
    const name = declaration.getNameOrThrow();
    const doc = checked(name, docOf(declaration));
    // A base class that is not exported is a part of the class.
    const hidden = partsOf(declaration);
    const base = (hidden.at(-1) ?? declaration).getExtends()?.getText();
    const [constructor] = [declaration, ...hidden].flatMap((one) => one.getConstructors());
    const given = constructor?.getParameters().filter((parameter) => parameter.isParameterProperty()) ?? [];
    const properties = declaration
      .getInstanceProperties()
      .filter((p) => Node.isPropertyDeclaration(p) && Node.isIdentifier(p.getNameNode()) && p.getName() !== "name");
    const described = [...given, ...properties].map((p) => ({
      name: p.getName(),
      type: typeText(Node.isParameterDeclaration(p) || Node.isPropertyDeclaration(p) ? p.getTypeNode() : undefined),
      ...detailsOf(declaration, p),
    }));
    const own = declaration.getMethods();
    const overridden = hidden.flatMap((one) => one.getMethods());
    const isOverride = (/** @type {MethodDeclaration} */ method) =>
      overridden.some((other) => other.getName() === method.getName());
    const methods = [...own.filter((method) => method.isStatic()), ...overridden, ...own.filter((m) => !m.isStatic())]
      .filter((method) => overridden.includes(method) || !isOverride(method))
      .filter((method) => Node.isIdentifier(method.getNameNode()));
    return [
      `## ${name}`,
      "",
      ...(base ? [`Extends \`${base}\`.`, ""] : []),
      ...textOf(doc, name),
      ...(described.length > 0 ? memberTable(name, described) : []),
      ...(constructor && given.length === 0 && methods.length > 0
        ? callSection(`new ${name}`, constructor.getParameters(), "", docOf(constructor), name)
        : []),
      ...methods.flatMap((method) => methodSection(name, method)),
    ];
  }

  /** @param {string} owner the class @param {MethodDeclaration} method */
  function methodSection(owner, method) {
    const doc = checked(`${owner}.${method.getName()}`, docOf(method));
    const name = method.isStatic() ? `${owner}.${method.getName()}` : method.getName();
    return callSection(name, method.getParameters(), typeText(method.getReturnTypeNode()), doc, owner);
  }

  /** @param {FunctionDeclaration} declaration */
  function functionSection(declaration) {
    const name = declaration.getNameOrThrow();
    const doc = checked(name, docOf(declaration));
    return [
      `## ${name}`,
      "",
      "```ts signature",
      signature(name, declaration.getParameters(), typeText(declaration.getReturnTypeNode())),
      "```",
      "",
      ...textOf(doc, name),
    ];
  }

  /** @param {InterfaceDeclaration} declaration */
  function interfaceSection(declaration) {
    const name = declaration.getName();
    const members = declaration.getProperties().map((p) => ({
      name: p.getName(),
      optional: p.hasQuestionToken(),
      type: typeText(p.getTypeNode()),
      ...docOf(p),
    }));
    return [`### ${name}`, "", ...textOf(checked(name, docOf(declaration)), name), ...memberTable(name, members)];
  }

  /** @param {TypeAliasDeclaration} declaration */
  function aliasSection(declaration) {
    const name = declaration.getName();
    const source = declaration.getTypeNodeOrThrow();
    const members = unionMembers(declaration.getText());
    const body =
      members.length > 0
        ? memberTable(
            name,
            members.map((m) => ({ ...m, name: `"${m.name}"`, type: "", standard: undefined, tags: [] })),
          )
        : ["```ts signature", `type ${name} = ${source.getText()}`, "```", ""];
    return [`### ${name}`, "", ...textOf(checked(name, docOf(declaration)), name), ...body];
  }

  /** @param {string} owner @param {({ name: string, type: string, optional?: boolean } & Doc)[]} members */
  function memberTable(owner, members) {
    for (const member of members) checked(`${owner}.${member.name}`, member);
    const hasTypes = members.some(({ type }) => type !== "");
    return [
      hasTypes ? "| name | type | meaning |" : "| value | meaning |",
      hasTypes ? "|---|---|---|" : "|---|---|",
      ...members.map(
        ({ name, type, optional, text, standard }) =>
          `| \`${name}${optional ? "?" : ""}\` |${hasTypes ? ` ${typeCell(type)} |` : ""} ` +
          `${cell(text + (standard ? ` Default: ${standard}.` : ""))} |`,
      ),
      "",
    ];
  }
}

/**
 * The classes of this package that a class extends.
 * @param {ClassDeclaration} declaration
 * @returns {ClassDeclaration[]}
 */
function partsOf(declaration) {
  const base = declaration.getBaseClass();
  return base && !base.getSourceFile().isInNodeModules() ? [base, ...partsOf(base)] : [];
}

/**
 * A class that implements an interface has its properties described there.
 * @param {ClassDeclaration} declaration
 * @param {import("ts-morph").ClassInstancePropertyTypes} property
 */
function detailsOf(declaration, property) {
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
function callSection(name, parameters, returns, doc, owner) {
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
const signature = (name, parameters, returns) =>
  `${name}(${parameters.map((p) => p.getText().replace(/\s+/g, " ")).join(", ")})${returns && `: ${returns}`}`;

/**
 * What the examples of a class or an interface use without making it: a test completes them by that, and compiles them.
 * @type {Record<string, string>}
 */
const GIVEN = {
  DynamoDBSaver:
    'import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";\ndeclare const checkpointer: ' +
    "DynamoDBSaver;\ndeclare const file: { write(text: string): unknown };\ndeclare const graph: { invoke(input: " +
    "object, config: object): Promise<unknown> };",
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
function textOf(doc, owner) {
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
const cell = (text) => text.replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ");
