import { Parser, type Condition } from "./expression-parser.js";
import type { Operand, Parsed, PathOf, Scope } from "./operand-parser.js";
import { updateFrom } from "./updates.js";
import type { Item } from "../item.js";
import { refuse } from "../service-error.js";
import { checkApart, type Path } from "./paths.js";

/*
 * DynamoDB's expressions: conditions, key conditions, filters, updates and projections, as its developer guide
 * describes
 * them. What is not of that grammar is refused as the service refuses it.
 */

const known = new Map<string, unknown>();
function once<T>(kind: string, text: string, parse: (parser: Parser) => T): Parsed<T> {
  const key = `${kind} ${text}`;
  let parsed = known.get(key) as Parsed<T> | undefined;
  if (!parsed) {
    const parser = new Parser(text);
    parsed = { run: parse(parser), uses: parser.uses, checks: parser.checks };
    if (!parser.done) refuse(`Invalid ${kind}: syntax error in ${text}`);
    known.set(key, parsed);
  }
  return parsed;
}

export const conditionOf = (text: string): Parsed<Condition> =>
  once("ConditionExpression", text, (parser) => parser.or());

/** The paths in a projection. */
export const projectionOf = (text: string): Parsed<(scope: Scope) => Path[]> =>
  once("ProjectionExpression", text, (parser) => {
    const paths = [parser.path()];
    while (parser.take(",")) paths.push(parser.path());
    parser.checks.push((scope) => checkApart(paths.map((path) => path(scope))));
    return (scope) => paths.map((path) => path(scope));
  });

/** What an update makes of its item, and which paths it names. */
export const updateOf = (text: string): Parsed<(scope: Scope) => { item: Item; paths: Path[] }> =>
  once("UpdateExpression", text, updateFrom);

/** Of a Query: what its partition key is, and what its sort keys have to be. */
export interface KeyCondition {
  path: PathOf;
  isEqual: boolean;
  /** The value that it is compared with, where it is one. */
  value: Operand;
  test: Condition;
}

export const keyConditionsOf = (text: string): Parsed<KeyCondition[]> =>
  once("KeyConditionExpression", text, keyConditions);

function keyConditions(parser: Parser): KeyCondition[] {
  const all = keyCondition(parser);
  while (parser.take("AND")) all.push(...keyCondition(parser));
  return all;
}

function keyCondition(parser: Parser): KeyCondition[] {
  if (parser.take("(")) {
    const inner = keyConditions(parser);
    parser.expect(")");
    return inner;
  }
  // Read twice: for what it compares, and as the condition that it is.
  const from = parser.mark();
  const isPrefix = parser.take("begins_with");
  if (isPrefix) parser.expect("(");
  const path = parser.path();
  const sign = parser.next();
  if (isPrefix ? sign !== "," : !["=", "<", "<=", ">", ">=", "BETWEEN"].includes(sign.toUpperCase()))
    refuse(`Invalid operator used in KeyConditionExpression: ${sign}`);
  const value = parser.operand();
  parser.back(from);
  return [{ path, isEqual: sign === "=", value, test: parser.one() }];
}
