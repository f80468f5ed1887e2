import Table from "cli-table3";
import picocolors from "picocolors";

/** Colour is for people: only on a terminal, and never when NO_COLOR is set. */
export const colors = picocolors.createColors(Boolean(process.stdout.isTTY) && !process.env.NO_COLOR);

/** @param {string} [line] */
export const print = (line = "") => console.log(line && `  ${line}`);

/** @param {string} text */
export function heading(text) {
  print();
  print(colors.bold(colors.cyan(text)));
  print();
}

/**
 * One line of a conversation: who, and what.
 *
 * @param {string} who
 * @param {string} what
 */
export const say = (who, what) => print(`${colors.dim(who.padEnd(9))} ${what}`);

/**
 * A table without a frame: the columns speak for themselves.
 *
 * @param {string[]} head
 * @param {string[][]} rows
 * @param {("left" | "right")[]} [align]
 */
export function printTable(head, rows, align = []) {
  const none = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"];
  const inner = ["left", "left-mid", "mid", "mid-mid", "right", "right-mid"];
  const table = new Table({
    head: head.map((title) => colors.dim(title)),
    colAligns: align,
    chars: { ...Object.fromEntries([...none, ...inner].map((part) => [part, ""])), middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows);
  for (const line of table.toString().split("\n")) print(line.trimEnd());
}
