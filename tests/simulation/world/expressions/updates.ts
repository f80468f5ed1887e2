import type { Parser } from "./expression-parser.js";
import type { Operand, PathOf, Scope } from "./operand-parser.js";
import { number } from "./functions.js";
import { add } from "./numbers.js";
import { changed, checkApart, valueAt, type Path } from "./paths.js";
import type { Item, Value } from "../item.js";
import { refuse } from "../service-error.js";
import { equal, typeOf } from "../values.js";

interface Action {
  clause: string;
  path: PathOf;
  /** Of all but REMOVE. */
  operand?: Operand;
}

const CLAUSES = ["SET", "REMOVE", "ADD", "DELETE"];

/** Reads an update. All of it is evaluated on the item of before. */
export function updateFrom(parser: Parser): (scope: Scope) => { item: Item; paths: Path[] } {
  const actions: Action[] = [];
  const seen = new Set<string>();
  while (!parser.done) {
    const clause = parser.next().toUpperCase();
    if (!CLAUSES.includes(clause)) refuse(`Invalid UpdateExpression: syntax error at ${clause} in ${parser.text}`);
    if (seen.has(clause)) refuse(`Invalid UpdateExpression: The "${clause}" section can only be used once`);
    seen.add(clause);
    do actions.push(actionOf(parser, clause));
    while (parser.take(","));
  }
  parser.checks.push((scope) => checkApart(actions.map(({ path }) => path(scope))));
  return (scope) => run(actions, scope);
}

function actionOf(parser: Parser, clause: string): Action {
  const path = parser.path();
  if (clause === "REMOVE") return { clause, path };
  if (clause !== "SET") return { clause, path, operand: givenOf(parser, clause) };
  parser.expect("=");
  return { clause, path, operand: parser.sum() };
}

/** What is added or deleted stands in the request. */
function givenOf(parser: Parser, clause: string): Operand {
  const operand = parser.operand();
  parser.checks.push((scope) => {
    const given = operand({ ...scope, item: undefined });
    if (given && !isSet(given) && !(clause === "ADD" && "N" in given))
      refuse(`Incorrect operand type for operator or function; operator: ${clause}`);
  });
  return operand;
}

function run(actions: Action[], scope: Scope): { item: Item; paths: Path[] } {
  const item = scope.item ?? {};
  const paths = actions.map(({ path }) => path(scope));
  const sets: [Path, Value][] = [];
  const removes: Path[] = [];
  actions.forEach(({ clause, operand }, i) => {
    const path = paths[i]!;
    if (clause === "REMOVE") return removes.push(path);
    const given =
      operand!(scope) ?? refuse("The provided expression refers to an attribute that does not exist in the item");
    if (clause === "SET") return sets.push([path, given]);
    const next = clause === "ADD" ? added(valueAt(item, path), given) : deleted(valueAt(item, path), given);
    return next ? sets.push([path, next]) : removes.push(path);
  });
  return { item: changed(item, sets, removes), paths };
}

const isSet = (value: Value): boolean => /^[SNB]S$/.test(typeOf(value));
const wrongType = (): never => refuse("An operand in the update expression has an incorrect data type");

function added(before: Value | undefined, given: Value): Value {
  const type = typeOf(given);
  if (!before) return given;
  if (typeOf(before) !== type) return wrongType();
  if (type === "N") return { N: add(number(before), number(given), 1) };
  const known = before[type] as string[];
  return { [type]: [...known, ...(given[type] as string[]).filter((each) => !hasElement(type, known, each))] };
}

/** Undefined where nothing is left. */
function deleted(before: Value | undefined, given: Value): Value | undefined {
  const type = typeOf(given);
  if (!before) return undefined;
  if (typeOf(before) !== type) return wrongType();
  const left = (before[type] as string[]).filter((each) => !hasElement(type, given[type] as string[], each));
  return left.length > 0 ? { [type]: left } : undefined;
}

const hasElement = (type: string, set: string[], each: string): boolean =>
  set.some((other) => equal({ [type[0]!]: other }, { [type[0]!]: each }));
