import { compare, refuse, typeOf, type Item, type Value } from "./values.js";

/** What an expression is evaluated on. */
export interface Scope {
  names: Record<string, string>;
  values: Record<string, Value>;
  item: Item | undefined;
}

export type Operand = (scope: Scope) => Value | undefined;
export type Condition = (scope: Scope) => boolean;

export interface Parsed<T> {
  run: T;
  /** The placeholders in it. */
  uses: Set<string>;
}

const TOKEN = /\s*(<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z_][\w]*(?:\.[#]?\w+|\[\d+\])*)/gy;
/** Of the 573 reserved words, those that an attribute of ours is or could be called. */
const RESERVED = new Set(
  (
    "at data date first global groups hash index item key keys last list name path prefix role size source state " +
    "text time timestamp token ttl type value values version view zone"
  ).split(" "),
);

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

  /** The name of an attribute, as it is written. */
  path(): (scope: Scope) => string {
    const token = this.next();
    if (/[.[]/.test(token)) throw new Error(`The simulated table knows no nested paths: ${token}`);
    if (token.startsWith("#")) {
      this.uses.add(token);
      return ({ names }) =>
        names[token] ?? refuse(`An expression attribute name used in the document path is not defined: ${token}`);
    }
    if (RESERVED.has(token.toLowerCase())) refuse(`Attribute name is a reserved keyword: ${token}`);
    return () => token;
  }

  operand(): Operand {
    const of = this.#simple();
    for (const sign of ["+", "-"]) {
      if (!this.take(sign)) continue;
      const other = this.#simple();
      return (scope) => ({ N: String(number(of(scope)) + (sign === "+" ? 1 : -1) * number(other(scope))) });
    }
    return of;
  }

  #simple(): Operand {
    const token = this.#tokens[this.#at] ?? refuse(`Invalid expression: ${this.text} ends too early`);
    if (token.startsWith(":")) {
      this.#at++;
      this.uses.add(token);
      return ({ values }) =>
        values[token] ?? refuse(`An expression attribute value used in expression is not defined: ${token}`);
    }
    if (this.take("if_not_exists")) {
      const [path, value] = this.#call(
        () => this.path(),
        () => this.operand(),
      );
      return (scope) => scope.item?.[path(scope)] ?? value(scope);
    }
    if (this.take("size")) {
      const [path] = this.#call(() => this.path());
      return (scope) => sizeOf(scope.item?.[path(scope)]);
    }
    const path = this.path();
    return (scope) => scope.item?.[path(scope)];
  }

  #call<A, B = undefined>(first: () => A, second?: () => B): [A, B] {
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
    if (!this.take("NOT")) return this.#one();
    const not = this.#not();
    return (scope) => !not(scope);
  }

  #one(): Condition {
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
      if (!this.take(name)) continue;
      const [path] = this.#call(() => this.path());
      return (scope) => (scope.item?.[path(scope)] !== undefined) === wanted;
    }
    for (const name of ["begins_with", "contains"] as const) {
      if (!this.take(name)) continue;
      const [of, what] = this.#call(
        () => this.operand(),
        () => this.operand(),
      );
      return (scope) => {
        const [text, part] = [of(scope)?.S as string | undefined, what(scope)?.S as string];
        return text !== undefined && (name === "contains" ? text.includes(part) : text.startsWith(part));
      };
    }
    if (this.take("attribute_type")) {
      const [of, what] = this.#call(
        () => this.operand(),
        () => this.operand(),
      );
      return (scope) => of(scope) !== undefined && typeOf(of(scope)!) === what(scope)?.S;
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
        const [value, from, to] = [left(scope), low(scope)!, high(scope)!];
        if (compare(from, to)! > 0)
          refuse("The BETWEEN operator requires upper bound to be greater than or equal to lower bound");
        return value !== undefined && compare(value, from)! >= 0 && compare(value, to)! <= 0;
      };
    }
    if (this.take("IN")) {
      this.expect("(");
      const all = [this.operand()];
      while (this.take(",")) all.push(this.operand());
      this.expect(")");
      return (scope) => all.some((one) => left(scope) !== undefined && compare(left(scope)!, one(scope)!) === 0);
    }
    const sign = this.next();
    const test = COMPARISONS[sign] ?? refuse(`Invalid expression: ${sign} in ${this.text}`);
    const right = this.operand();
    return (scope) => {
      const [a, b] = [left(scope), right(scope)];
      return test(a === undefined || b === undefined ? undefined : compare(a, b));
    };
  }
}

const COMPARISONS: Record<string, (order: number | undefined) => boolean> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order !== undefined && order < 0,
  "<=": (order) => order !== undefined && order <= 0,
  ">": (order) => order !== undefined && order > 0,
  ">=": (order) => order !== undefined && order >= 0,
};

export const number = (value: Value | undefined): number =>
  value?.N === undefined ? refuse("An operand in the update expression has an incorrect data type") : Number(value.N);

const sizeOf = (value: Value | undefined): Value | undefined => {
  if (!value) return undefined;
  const of = value[typeOf(value)];
  return {
    N: String(
      "B" in value
        ? Buffer.from(of as string, "base64").length
        : "S" in value
          ? Buffer.byteLength(of as string)
          : Object.keys(of as object).length,
    ),
  };
};
