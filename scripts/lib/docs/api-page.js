import { Node } from "ts-morph";
import { callSection, cell, detailsOf, partsOf, signature, textOf } from "./api-text.js";
import { docOf, typeText, unionMembers } from "./tsdoc.js";

/**
 * @import { ClassDeclaration, FunctionDeclaration, InterfaceDeclaration, MethodDeclaration,
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
      // What is private, and what is between the package's own entries.
      .filter((method) => Node.isIdentifier(method.getNameNode()) && !method.getName().startsWith("_"));
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
    const properties = declaration.getProperties().map((p) => ({
      name: p.getName(),
      optional: p.hasQuestionToken(),
      type: typeText(p.getTypeNode()),
      ...docOf(p),
    }));
    const methods = declaration.getMethods().map((m) => ({
      name: m.getName(),
      optional: m.hasQuestionToken(),
      type: `(${m.getParameters().map((p) => p.getText()).join(", ")}) => ${typeText(m.getReturnTypeNode())}`,
      ...docOf(m),
    }));
    const members = [...properties, ...methods];
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
