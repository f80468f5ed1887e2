import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Budgets } from "../../bench/budgets.js";

/* How `npm run bench` judges what it measures. */

test("a figure that is at its budget or below keeps it, and the bench ends well", () => {
  const budgets = new Budgets();

  expect(budgets.judge("write units", 2.73, 3)).toBe("kept");
  expect(budgets.judge("requests", 12, 12)).toBe("kept");
  expect(budgets.judge("% more write units", -0.1, 2)).toBe("kept");
  expect(() => budgets.check()).not.toThrow();
});

test("a figure over its budget says by how much, and the bench fails with the name of each", () => {
  const budgets = new Budgets();

  expect(budgets.judge("bundle", 47_287, 20_480)).toBe("OVER by 26807");
  expect(budgets.judge("requests", 12, 12)).toBe("kept");
  expect(budgets.judge("write units", 3.3, 3)).toBe("OVER by 0.3");
  expect(() => budgets.check()).toThrow(
    /^budgets are broken:\n {2}bundle: OVER by 26807, budget 20480\n {2}write units: OVER by 0\.3, budget 3$/,
  );
});

test("what is no figure breaks its budget, since nothing was measured", () => {
  const budgets = new Budgets();

  expect(budgets.judge("write units", NaN, 3)).toBe("OVER: NaN is no figure");
  expect(() => budgets.check()).toThrow(/write units/);
});

test("every budget that the bench prints goes through that judgement, and the program ends with its error", () => {
  const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
  const names = readdirSync(new URL("../../bench/", import.meta.url)).filter((name) => name !== "budgets.js");
  const files = names.map((name) => ({ name, text: read(`bench/${name}`) }));

  expect(files.filter(({ text }) => /\bOVER\b/.test(text)).map(({ name }) => name)).toEqual([]);
  const printing = files.filter(({ text }) => /[`"]budget|, budget /.test(text));
  expect(printing.map(({ name }) => name).sort()).toEqual(["bundle-size.js", "index.js", "lease.js", "server.js"]);
  expect(printing.filter(({ text }) => !text.includes("budgets.judge(")).map(({ name }) => name)).toEqual([]);
  expect(read("bench/index.js")).toMatch(/budgets\.check\(\);\n}/);
  expect(read("scripts/bench.js")).toMatch(/await bench\([^]*catch \(error\)[^]*process\.exitCode = 1/);
});
