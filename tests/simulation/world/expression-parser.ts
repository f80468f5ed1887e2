import { isSame, listOf, number, ORDERS, sizeOf, TESTS } from "./functions.js";
import { add } from "./numbers.js";
import { valueAt, type Path } from "./paths.js";
import { RESERVED } from "./reserved-words.js";
import { compare, refuse, type Item, type Value } from "./values.js";

/** What an expression is evaluated on. */
export interface Scope {
  names: Record<string, string>;
  values: Record<string, Value>;
  item: Item | undefined;
}

export type PathOf = (scope: Scope) => Path;
export type Operand = (scope: Scope) => Value | undefined;
export type Condition = (scope: Scope) => boolean;

export interface Parsed<T> {
  run: T;
  /** The placeholders in it. */
  uses: Set<string>;
}

const TOKEN = /\s*(<>|<=|>=|[=<>(),+-]|(?:[#:]\w+|[A-Za-z_]\w*)(?:\.(?:#\w+|\w+)|\[\d+\])*)/gy;
const STEP = /\[(\d+)\]|[.]?(#?\w+)/g;

/** Reads an expression from left to right. */
export class Parser {
  readonly #tokens: string[] = [];
  #at = 0;
  /** What the latest parentheses hold, from behind the first one to behind the last one. */
  #group = { from: -1, to: -1 };
  readonly uses = new Set<string>();

  constructor(readonly text: string) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length && text.slice(TOKEN.lastIndex).trim() !== "") {
      const found = TOKEN.exec(text);
      if (!found) return refuse(`Invalid expression: syntax error in ${text}`);
      this.#tokens.push(found[1]!);
    }
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  mark(): number {
    return this.#at;
  }

  back(to: number): void {
    this.#at = to;
  }

  peek(word: string): boolean {
    return this.#tokens[this.#at]?.toUpperCase() === word.toUpperCase();
  }

  take(word: string): boolean {
    const is = this.peek(word);
    if (is) this.#at++;
    return is;
  }

  next(): string {
    return this.#tokens[this.#at++] ?? refuse(`Invalid expression: ${this.text} ends too early`);
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
    const of = this.operand();
    for (const sign of [1, -1]) {
      if (!this.take(sign > 0 ? "+" : "-")) continue;
      const other = this.operand();
      return (scope) => {
        const [a, b] = [of(scope), other(scope)];
        return a && b && { N: add(number(a), number(b), sign) };
      };
    }
    return of;
  }

  operand(): Operand {
    const token = this.#tokens[this.#at] ?? refuse(`Invalid expression: ${this.text} ends too early`);
    if (token === "(") {
      this.#at++;
      const inner = this.sum();
      this.expect(")");
      return inner;
    }
    if (token.startsWith(":")) {
      this.#at++;
      this.uses.add(token);
      return ({ values }) =>
        values[token] ?? refuse(`An expression attribute value used in expression is not defined: ${token}`);
    }
    if (this.#takeFunction("if_not_exists")) {
      const [path, value] = this.#arguments(
        () => this.path(),
        () => this.operand(),
      );
      return (scope) => valueAt(scope.item, path(scope)) ?? value(scope);
    }
    if (this.#takeFunction("list_append")) {
      const [one, other] = this.#arguments(
        () => this.operand(),
        () => this.operand(),
      );
      return (scope) => {
        const [a, b] = [one(scope), other(scope)];
        return a && b && { L: [...listOf(a), ...listOf(b)] };
      };
    }
    if (this.#takeFunction("size")) {
      const [path] = this.#arguments(() => this.path());
      return (scope) => sizeOf(valueAt(scope.item, path(scope)));
    }
    const path = this.path();
    return (scope) => valueAt(scope.item, path(scope));
  }

  /** An attribute can have the name of a function. */
  #takeFunction(name: string): boolean {
    if (this.#tokens[this.#at] !== name || this.#tokens[this.#at + 1] !== "(") return false;
    this.#at++;
    return true;
  }

  #arguments<A, B = undefined>(first: () => A, second?: () => B): [A, B] {
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

  or(): Condition {
    const all = [this.and()];
    while (this.take("OR")) all.push(this.and());
    return all.length === 1 ? all[0]! : (scope) => all.some((one) => one(scope));
  }

  and(): Condition {
    const all = [this.#not()];
    while (this.take("AND")) all.push(this.#not());
    return all.length === 1 ? all[0]! : (scope) => all.every((one) => one(scope));
  }

  #not(): Condition {
    if (!this.take("NOT")) return this.one();
    const not = this.#not();
    return (scope) => !not(scope);
  }

  /** A condition without AND, OR and NOT. */
  one(): Condition {
    if (this.take("(")) {
      const from = this.#at;
      const inner = this.or();
      if (this.#group.from === from + 1 && this.#group.to === this.#at)
        refuse("Invalid ConditionExpression: The expression has redundant parentheses;");
      this.expect(")");
      this.#group = { from, to: this.#at };
      return inner;
    }
    for (const [name, wanted] of [
      ["attribute_exists", true],
      ["attribute_not_exists", false],
    ] as const) {
      if (!this.#takeFunction(name)) continue;
      const [path] = this.#arguments(() => this.path());
      return (scope) => (valueAt(scope.item, path(scope)) !== undefined) === wanted;
    }
    for (const [name, test] of Object.entries(TESTS)) {
      if (!this.#takeFunction(name)) continue;
      const [of, what] = this.#arguments(
        () => this.operand(),
        () => this.operand(),
      );
      return (scope) => {
        const [a, b] = [of(scope), what(scope)];
        return a !== undefined && b !== undefined && test(a, b);
      };
    }
    return this.#comparison();
  }

  #comparison(): Condition {
    const left = this.operand();
    if (this.take("BETWEEN")) {
      const low = this.operand();
      this.expect("AND");
      const high = this.operand();
      return (scope) => {
        const [value, from, to] = [left(scope), low(scope), high(scope)];
        if (!value || !from || !to) return false;
        if ((compare(from, to) ?? 0) > 0)
          refuse("The BETWEEN operator requires upper bound to be greater than or equal to lower bound");
        return (compare(value, from) ?? -1) >= 0 && (compare(value, to) ?? 1) <= 0;
      };
    }
    if (this.take("IN")) {
      this.expect("(");
      const all = [this.operand()];
      while (this.take(",")) all.push(this.operand());
      this.expect(")");
      return (scope) => all.some((one) => isSame(left(scope), one(scope)));
    }
    const sign = this.next();
    const right = this.operand();
    if (sign === "=" || sign === "<>") return (scope) => isSame(left(scope), right(scope)) === (sign === "=");
    const test = ORDERS[sign] ?? refuse(`Invalid expression: ${sign} in ${this.text}`);
    return (scope) => {
      const [a, b] = [left(scope), right(scope)];
      const order = a && b && compare(a, b);
      return order !== undefined && test(order);
    };
  }
}
