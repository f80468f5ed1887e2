import { isSame, ORDERS, TESTS } from "./functions.js";
import { OperandParser, type Operand, type Scope } from "./operand-parser.js";
import { valueAt } from "./paths.js";
import { refuse } from "../service-error.js";
import { compare } from "../values.js";

export type Condition = (scope: Scope) => boolean;

/** Reads conditions too. */
export class Parser extends OperandParser {
  /** What the latest parentheses hold, from behind the first one to behind the last one. */
  #group = { from: -1, to: -1 };

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
      const from = this.at;
      const inner = this.or();
      if (this.#group.from === from + 1 && this.#group.to === this.at)
        refuse("Invalid ConditionExpression: The expression has redundant parentheses;");
      this.expect(")");
      this.#group = { from, to: this.at };
      return inner;
    }
    for (const [name, wanted] of [
      ["attribute_exists", true],
      ["attribute_not_exists", false],
    ] as const) {
      if (!this.takeFunction(name)) continue;
      const [path] = this.argumentsOf(() => this.path());
      return (scope) => (valueAt(scope.item, path(scope)) !== undefined) === wanted;
    }
    for (const [name, test] of Object.entries(TESTS)) {
      if (!this.takeFunction(name)) continue;
      const [of, what] = this.argumentsOf(
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

  /** An operand of what has an order. */
  #ordered(): Operand {
    this.checkType(this.tokens[this.at], /^[SNB]$/);
    return this.operand();
  }

  /** An attribute is not compared with itself. */
  #checkDistinct(one: string, other: string): void {
    if (!/^[#A-Za-z_]/.test(one) || !/^[#A-Za-z_]/.test(other)) return;
    const named = (token: string, names: Scope["names"]): string =>
      token.replace(/#\w+/g, (name) => names[name] ?? name);
    this.checks.push(({ names }) => {
      if (named(one, names) === named(other, names))
        refuse("The first operand must be distinct from the remaining operands for this operator or function");
    });
  }

  #comparison(): Condition {
    const first = this.at;
    const left = this.operand();
    const isPath = this.at === first + 1;
    if (this.take("BETWEEN")) {
      const low = this.#ordered();
      this.expect("AND");
      const high = this.#ordered();
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
    if (isPath && this.tokens[this.at + 1] !== "(")
      this.#checkDistinct(this.tokens[first]!, this.tokens[this.at] ?? "");
    if (sign === "=" || sign === "<>") {
      const right = this.operand();
      return (scope) => isSame(left(scope), right(scope)) === (sign === "=");
    }
    const test = ORDERS[sign] ?? refuse(`Invalid expression: ${sign} in ${this.text}`);
    const right = this.#ordered();
    return (scope) => {
      const [a, b] = [left(scope), right(scope)];
      const order = a && b && compare(a, b);
      return order !== undefined && test(order);
    };
  }
}
