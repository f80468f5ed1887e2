import { readFileSync } from "node:fs";
import { isCollection, parse, type CollectionTag, type ScalarTag } from "yaml";

/** What CloudFormation would make of a template: parameters filled in, conditions decided, functions computed. */
export interface Stack {
  resources: Record<string, { Type: string; Properties: Properties }>;
  outputs: Record<string, string>;
}
// oxlint-disable-next-line typescript/no-explicit-any -- a template's properties are any JSON
export type Properties = Record<string, any>;

type Parameters = Record<string, string>;

const pseudoParameters: Parameters = {
  "AWS::Region": "us-east-1",
  "AWS::Partition": "aws",
  "AWS::AccountId": "123456789012",
};

/** Reads a template's own text. An attribute or reference of a resource is a made-up name. */
export function readStack(file: URL, given: Parameters = {}): Stack {
  const template = parse(readFileSync(file, "utf8"), {
    customTags: ["Ref", "GetAtt", "Sub", "If", "Equals", "Not"].flatMap(shortForm),
  }) as Properties;
  const parameters: Parameters = { ...pseudoParameters };
  for (const [name, { Default }] of Object.entries<Properties>(template.Parameters))
    parameters[name] = given[name] ?? String(Default);

  const compute = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(compute).filter((entry) => entry !== undefined);
    if (typeof value !== "object" || value === null) return value;
    const [[name, argument] = ["", undefined], ...others] = Object.entries(value);
    if (others.length === 0 && name in functions) return functions[name]!(argument as never);
    const entries = Object.entries(value).map(([key, entry]) => [key, compute(entry)] as const);
    return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
  };
  const reference = (name: string): string => {
    if (name in parameters) return parameters[name]!;
    const [resource, attribute] = name.split(".");
    const { Type } = template.Resources[resource!] as { Type: string };
    return attribute === "Arn" ? `arn:aws:${Type}:${resource}` : `ref-to-${resource}`;
  };
  const isTrue = (condition: string): boolean => compute(template.Conditions[condition]) as boolean;
  const functions: Record<string, (argument: never) => unknown> = {
    Ref: (name: string) => (name === "AWS::NoValue" ? undefined : reference(name)),
    GetAtt: reference,
    Sub: (text: string) =>
      text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) =>
        literal ? `\${${name}}` : reference(name),
      ),
    If: ([condition, yes, no]: [string, unknown, unknown]) => compute(isTrue(condition) ? yes : no),
    Equals: (pair: [unknown, unknown]) => compute(pair[0]) === compute(pair[1]),
    Not: ([condition]: [unknown]) => !compute(condition),
  };

  const made = <T>(entries: Record<string, T>): Record<string, never> => {
    const wanted = Object.entries<T & { Condition?: string }>(entries as never).filter(
      ([, { Condition }]) => !Condition || isTrue(Condition),
    );
    return Object.fromEntries(wanted.map(([name, entry]) => [name, compute(entry)])) as Record<string, never>;
  };
  const outputs = made<{ Value: string }>(template.Outputs);
  return {
    resources: made(template.Resources),
    outputs: Object.fromEntries(Object.entries<{ Value: string }>(outputs).map(([name, { Value }]) => [name, Value])),
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
