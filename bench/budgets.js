/**
 * The budgets of a run. Whatever is printed as one is judged here, so none can be broken without `npm run bench`
 * failing.
 */
export class Budgets {
  /** @type {string[]} which budgets were broken, and by how much */
  broken = [];

  /**
   * @param {string} name what was measured
   * @param {number} measured what is no number breaks any budget: then nothing was measured
   * @param {number} most the budget
   * @returns {string} what to print behind the figure
   */
  judge(name, measured, most) {
    if (measured <= most) return "kept";
    const over = Number.isFinite(measured) ? `OVER by ${round(measured - most)}` : `OVER: ${measured} is no figure`;
    this.broken.push(`${name}: ${over}, budget ${most}`);
    return over;
  }

  /** @throws {Error} that names each budget that was broken */
  check() {
    if (this.broken.length > 0) throw new Error(`budgets are broken:\n  ${this.broken.join("\n  ")}`);
  }
}

/** Without the digits that a difference of binary fractions has behind it. @param {number} n */
const round = (n) => Number(n.toPrecision(6));
