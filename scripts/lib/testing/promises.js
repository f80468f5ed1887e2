import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What a cell of the last column holds: a file, a colon and the name of a test in it, or how that begins. */
const NAMED = /`(tests\/[\w./-]+\.test\.ts)`: “([^”]+)”/g;

/**
 * Looks for the tests that the table of SECURITY.md names.
 * @param {string} [root] URL of the project's folder, with a slash at its end
 * @returns {{ rows: number, problems: string[] }} how many promises there are, and what is wrong: a promise without a
 *   test, a file or a test that is not there
 */
export function checkPromises(root = new URL("../../../", import.meta.url).href) {
  const read = (/** @type {string} */ path) => readFileSync(fileURLToPath(new URL(path, root)), "utf8");
  const [, table = ""] = /## What is promised\n(.*?)\n## /s.exec(read("SECURITY.md")) ?? [];
  const rows = table
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2);
  const problems = rows.flatMap((row) => {
    const [, promise = "", , , tests = ""] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const named = [...tests.matchAll(NAMED)];
    if (named.length === 0) return [`No test is named: ${promise}`];
    return named.flatMap(([, file = "", name = ""]) => {
      if (!existsSync(new URL(file, root))) return [`${file} is not there: ${promise}`];
      // As it stands in the source, where quotation marks are escaped in their own kind.
      return read(file).replaceAll("\\", "").includes(name) ? [] : [`${file} has no test “${name}”: ${promise}`];
    });
  });
  return { rows: rows.length, problems };
}
