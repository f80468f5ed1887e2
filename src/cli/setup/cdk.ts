import { readStack, templateText, type Properties, type Resource } from "./template.js";
import { parametersOf, type Wanted } from "./wanted.js";

/** Stands around a JavaScript expression inside a text. */
const MARK = "\0";
/** JSON of IAM and not of CloudFormation: its keys stay as they are. */
const IAM_JSON = "PolicyDocument";

/**
 * A stack of the AWS CDK in TypeScript, made of constructs of the first level: they are the template's resources, one
 * to one.
 */
export function cdkStack(wanted: Wanted): string {
  const { resources, outputs } = readStack(
    templateText(),
    parametersOf(wanted),
    { "AWS::Region": `${MARK}this.region${MARK}` },
    (resource, attribute) => {
      const expression = `${variableOf(resource)}.${attribute === undefined ? "ref" : `attr${attribute}`}`;
      return MARK + expression + MARK;
    },
  );
  const all = Object.entries(resources);
  const modules = [...new Set(all.map(([, { Type }]) => Type.split("::")[1]!))].sort();
  const imports = modules.map((name) => {
    const classes = [
      ...new Set(all.flatMap(([, { Type }]) => (Type.split("::")[1] === name ? [classOf(Type)] : []))),
    ].sort();
    return `import { ${classes.join(", ")} } from "aws-cdk-lib/aws-${name.toLowerCase()}";`;
  });
  const statements = all.map(([name, resource]) => construct(name, resource));
  return [
    `import { CfnOutput, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";`,
    ...imports,
    `import type { Construct } from "constructs";`,
    "",
    "/** Table, bucket and policies of langgraph-checkpoint-dynamodb. Table and bucket stay when the stack is " +
      "deleted. */",
    "export class LangGraphCheckpoints extends Stack {",
    "  constructor(scope: Construct, id: string, props?: StackProps) {",
    "    super(scope, id, props);",
    "",
    ...statements.map((statement) => `${indented(statement, 4)}\n`),
    ...Object.entries(outputs).map(
      ([name, value]) => `    new CfnOutput(this, ${JSON.stringify(name)}, { value: ${literal(value, false)} });`,
    ),
    "  }",
    "}",
    "",
  ].join("\n");
}

function construct(name: string, { Type, DeletionPolicy, Properties }: Resource): string {
  const made =
    `const ${variableOf(name)} = new ${classOf(Type)}(this, ${JSON.stringify(name)}, ` +
    `${literal(Properties, true)});`;
  return DeletionPolicy === "Retain" ? `${made}\n${variableOf(name)}.applyRemovalPolicy(RemovalPolicy.RETAIN);` : made;
}

const classOf = (type: string): string => `Cfn${type.split("::")[2]}`;
const variableOf = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** `SSESpecification` is `sseSpecification` there. */
const propertyOf = (name: string): string => name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (start) => start.toLowerCase());

/** A value as TypeScript. @param renames whether keys are CloudFormation's, which the CDK writes small */
function literal(value: unknown, renames: boolean): string {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return list(value.map((entry) => literal(entry, renames)), "[", "]"); // prettier-ignore
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value as Properties).map(([key, entry]) => {
    const name = renames ? propertyOf(key) : key;
    return (
      `${/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)}: ` +
      `${literal(entry, renames && key !== IAM_JSON)}`
    );
  });
  return list(entries, "{ ", " }");
}

function list(entries: string[], open: string, close: string): string {
  const short = open + entries.join(", ") + close;
  return short.length <= 100 && !short.includes("\n")
    ? short
    : `${open.trim()}\n${entries.map((entry) => `${indented(entry, 2)},\n`).join("")}${close.trim()}`;
}

function text(value: string): string {
  const parts = value.split(MARK);
  if (parts.length === 1) return JSON.stringify(value);
  if (parts.length === 3 && parts[0] === "" && parts[2] === "") return parts[1]!;
  return `\`${parts.map((part, i) => (i % 2 === 1 ? `\${${part}}` : part.replace(/[\\`]|\$\{/g, "\\$&"))).join("")}\``;
}

const indented = (lines: string, by: number): string => lines.replace(/^(?=.)/gm, " ".repeat(by));
