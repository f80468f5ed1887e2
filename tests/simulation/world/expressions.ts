import { number, Parser, type Condition, type Parsed, type Scope } from "./expression-parser.js";
import { refuse, type Value } from "./values.js";

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
    parsed = { run: parse(parser), uses: parser.uses };
    if (!parser.done) refuse(`Invalid ${kind}: syntax error in ${text}`);
    known.set(key, parsed);
  }
  return parsed;
}

export const conditionOf = (text: string): Parsed<Condition> =>
  once("ConditionExpression", text, (parser) => parser.or());

/** The names in a projection. */
export const projectionOf = (text: string): Parsed<(scope: Scope) => string[]> =>
  once("ProjectionExpression", text, (parser) => {
    const paths = [parser.path()];
    while (parser.take(",")) paths.push(parser.path());
    return (scope) => paths.map((path) => path(scope));
  });

/** What an update makes of its item: undefined for what is removed. */
export const updateOf = (text: string): Parsed<(scope: Scope) => Map<string, Value | undefined>> =>
  once("UpdateExpression", text, (parser) => {
    const actions: ((scope: Scope, into: (name: string, value: Value | undefined) => void) => void)[] = [];
    while (!parser.done) {
      const clause = parser.next().toUpperCase();
      do {
        const path = parser.path();
        if (clause === "REMOVE") {
          actions.push((scope, into) => into(path(scope), undefined));
          continue;
        }
        if (clause !== "SET" && clause !== "ADD") throw new Error(`The simulated table knows no ${clause} in ${text}`);
        if (clause === "SET") parser.expect("=");
        const operand = parser.operand();
        actions.push((scope, into) => {
          const name = path(scope);
          const value =
            operand(scope) ?? refuse("The provided expression refers to an attribute that does not exist in the item");
          into(name, clause === "SET" ? value : { N: String(Number(scope.item?.[name]?.N ?? 0) + number(value)) });
        });
      } while (parser.take(","));
    }
    return (scope) => {
      const changes = new Map<string, Value | undefined>();
      for (const action of actions) {
        action(scope, (name, value) => {
          if (changes.has(name)) refuse(`Two document paths overlap with each other: ${name}`);
          changes.set(name, value);
        });
      }
      return changes;
    };
  });
