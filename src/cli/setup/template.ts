import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isCollection, parse, type CollectionTag, type ScalarTag } from "yaml";

/** What CloudFormation makes of a template: parameters filled in, conditions decided, functions computed. */
export interface Stack {
  resources: Record<string, Resource>;
  outputs: Record<string, unknown>;
}

export interface Resource {
  Type: string;
  DeletionPolicy?: string;
  Properties: Properties;
}

export type Properties = Record<string, unknown>;

interface Template {
  Parameters: Record<string, { Default: unknown }>;
  Conditions: Properties;
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: unknown }>;
}

/** How a reference to a resource, or to one of its attributes, stands in a text. */
export type Refer = (resource: string, attribute: string | undefined, type: string) => string;

const require = createRequire(import.meta.url);

/** The one description of table, bucket and policies: what is printed in another language is made from it. */
export const templateText = (): string =>
  readFileSync(
    join(dirname(require.resolve("langgraph-checkpoint-dynamodb/package.json")), "infra/cloudformation.yaml"),
    "utf8",
  );

/**
 * @param given parameters; those that are left out have their defaults
 * @param pseudo such as `AWS::Region`
 */
export function readStack(text: string, given: Properties, pseudo: Properties, refer: Refer): Stack {
  const template = parse(text, {
    customTags: ["Ref", "GetAtt", "Sub", "If", "Equals", "Not"].flatMap(shortForm),
  }) as Template;
  const parameters: Properties = { ...pseudo };
  for (const [name, { Default }] of Object.entries(template.Parameters)) parameters[name] = given[name] ?? Default;

  const compute = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(compute).filter((entry) => entry !== undefined);
    if (typeof value !== "object" || value === null) return value;
    const [[name, argument] = ["", undefined], ...others] = Object.entries(value);
    if (others.length === 0 && name in functions) return functions[name]!(argument as never);
    const entries = Object.entries(value).map(([key, entry]) => [key, compute(entry)] as const);
    return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
  };
  const reference = (name: string): unknown => {
    if (name in parameters) return parameters[name];
    const [resource = "", attribute] = name.split(".");
    return refer(resource, attribute, template.Resources[resource]!.Type);
  };
  const isTrue = (condition: string): boolean => compute(template.Conditions[condition]) as boolean;
  const functions: Record<string, (argument: never) => unknown> = {
    Ref: (name: string) => (name === "AWS::NoValue" ? undefined : reference(name)),
    GetAtt: reference,
    Sub: (text: string) =>
      text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) =>
        literal ? `\${${name}}` : String(reference(name)),
      ),
    If: ([condition, yes, no]: [string, unknown, unknown]) => compute(isTrue(condition) ? yes : no),
    // As texts: a parameter of type Number is compared with "0".
    Equals: (pair: [unknown, unknown]) => String(compute(pair[0])) === String(compute(pair[1])),
    Not: ([condition]: [unknown]) => !compute(condition),
  };
  const made = <T extends object>(entries: Record<string, T>): Record<string, T> => {
    const wanted = Object.entries<T & { Condition?: string }>(entries).filter(
      ([, { Condition }]) => !Condition || isTrue(Condition),
    );
    return Object.fromEntries(wanted.map(([name, { Condition: _, ...entry }]) => [name, compute(entry) as T]));
  };
  const outputs = Object.entries(made(template.Outputs));
  return {
    resources: made(template.Resources),
    outputs: Object.fromEntries(outputs.map(([name, { Value }]) => [name, Value])),
  };
}

/** `!Ref x` is short for `{ Ref: x }`, and so on. */
function shortForm(name: string): (ScalarTag | CollectionTag)[] {
  const tag = `!${name}`;
  return [
    { tag, resolve: (text: string) => ({ [name]: text }) },
    {
      tag,
      collection: "seq",
      resolve: (list: unknown) => ({ [name]: isCollection(list) ? (list.toJSON() as unknown) : list }),
    },
  ];
}
