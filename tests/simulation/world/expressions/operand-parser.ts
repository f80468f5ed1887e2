import { listOf, number, sizeOf } from "./functions.js";
import { add } from "./numbers.js";
import { valueAt, type Path } from "./paths.js";
import { RESERVED } from "./reserved-words.js";
import type { Item, Value } from "../item.js";
import { refuse } from "../service-error.js";
import { typeOf } from "../values.js";

/** What an expression is evaluated on. */
export interface Scope {
  names: Record<string, string>;
  values: Record<string, Value>;
  item: Item | undefined;
}

export type PathOf = (scope: Scope) => Path;
export type Operand = (scope: Scope) => Value | undefined;

export interface Parsed<T> {
  run: T;
  /** The placeholders in it. */
  uses: Set<string>;
  /** What is refused whatever the item is. */
  checks: ((scope: Scope) => void)[];
}

const TOKEN = /\s*(<>|<=|>=|[=<>(),+-]|(?:[#:]\w+|[A-Za-z_]\w*)(?:\.(?:#\w+|\w+)|\[\d+\])*)/gy;
const STEP = /\[(\d+)\]|[.]?(#?\w+)/g;

/** Reads an expression from left to right: paths, and operands. */
export class OperandParser {
  protected readonly tokens: string[] = [];
  protected at = 0;
  readonly uses = new Set<string>();
  readonly checks: ((scope: Scope) => void)[] = [];

  constructor(readonly text: string) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length && text.slice(TOKEN.lastIndex).trim() !== "") {
      const found = TOKEN.exec(text);
      if (!found) return refuse(`Invalid expression: syntax error in ${text}`);
      this.tokens.push(found[1]!);
    }
  }

  get done(): boolean {
    return this.at === this.tokens.length;
  }

  mark(): number {
    return this.at;
  }

  back(to: number): void {
    this.at = to;
  }

  peek(word: string): boolean {
    return this.tokens[this.at]?.toUpperCase() === word.toUpperCase();
  }

  take(word: string): boolean {
    const is = this.peek(word);
    if (is) this.at++;
    return is;
  }

  next(): string {
    return this.tokens[this.at++] ?? refuse(`Invalid expression: ${this.text} ends too early`);
  }

  expect(word: string): void {
    if (!this.take(word)) refuse(`Invalid expression: ${word} is missing in ${this.text}`);
  }

  path(): PathOf {
    const token = this.next();
    if (!/^[#A-Za-z_]/.test(token)) return refuse(`Invalid expression: syntax error at ${token} in ${this.text}`);
    const steps = [...token.matchAll(STEP)].map(([, place, name]) => {
      if (place !== undefined) return Number(place);
      if (name!.startsWith("#")) this.uses.add(name!);
      else if (RESERVED.has(name!.toLowerCase())) refuse(`Attribute name is a reserved keyword: ${name}`);
      return name!;
    });
    return ({ names }) =>
      steps.map((step) =>
        typeof step === "string" && step.startsWith("#")
          ? (names[step] ?? refuse(`An expression attribute name used in the document path is not defined: ${step}`))
          : step,
      );
  }

  /** What is set: an operand, or the sum of two. */
  sum(): Operand {
    const first = this.tokens[this.at];
    const of = this.operand();
    for (const sign of [1, -1]) {
      if (!this.take(sign > 0 ? "+" : "-")) continue;
      this.checkType(first, /^N$/);
      this.checkType(this.tokens[this.at], /^N$/);
      const other = this.operand();
      return (scope) => {
        const [a, b] = [of(scope), other(scope)];
        return a && b && { N: add(number(a), number(b), sign) };
      };
    }
    return of;
  }

  operand(): Operand {
    const token = this.tokens[this.at] ?? refuse(`Invalid expression: ${this.text} ends too early`);
    if (token === "(") {
      this.at++;
      const inner = this.sum();
      this.expect(")");
      return inner;
    }
    if (token.startsWith(":")) {
      this.at++;
      this.uses.add(token);
      return ({ values }) =>
        values[token] ?? refuse(`An expression attribute value used in expression is not defined: ${token}`);
    }
    if (this.takeFunction("if_not_exists")) {
      const [path, value] = this.argumentsOf(
        () => this.path(),
        () => this.operand(),
      );
      return (scope) => valueAt(scope.item, path(scope)) ?? value(scope);
    }
    if (this.takeFunction("list_append")) {
      const [one, other] = this.argumentsOf(
        () => this.operand(),
        () => this.operand(),
      );
      return (scope) => {
        const [a, b] = [one(scope), other(scope)];
        return a && b && { L: [...listOf(a), ...listOf(b)] };
      };
    }
    if (this.takeFunction("size")) {
      const [path] = this.argumentsOf(() => this.path());
      return (scope) => sizeOf(valueAt(scope.item, path(scope)));
    }
    const path = this.path();
    return (scope) => valueAt(scope.item, path(scope));
  }

  /** An attribute can have the name of a function. */
  protected takeFunction(name: string): boolean {
    if (this.tokens[this.at] !== name || this.tokens[this.at + 1] !== "(") return false;
    this.at++;
    return true;
  }

  protected argumentsOf<A, B = undefined>(first: () => A, second?: () => B): [A, B] {
    this.expect("(");
    const a = first();
    let b: B | undefined;
    if (second) {
      this.expect(",");
      b = second();
    }
    this.expect(")");
    return [a, b as B];
  }

  /** Of an operand that stands in the request. */
  protected checkType(token: string | undefined, types: RegExp): void {
    if (!token?.startsWith(":")) return;
    this.checks.push(({ values }) => {
      if (values[token] && !types.test(typeOf(values[token])))
        refuse(`Incorrect operand type for operator or function; operand type: ${typeOf(values[token])}`);
    });
  }
}
