import { compareCodePoints } from "../../format/code-points.js";
import type { Registered, Registry } from "../registry/registry.js";

/** Of namespaces that are kept in their order: rows, and signs of their names. What is over is read again. */
const MOST_ROWS = 4_000;
const MOST_SIGNS = 2 * 1_024 * 1_024;

/** Those that may be empty come last: a page is full before each of them costs a look. */
const byAge = (a: Registered, b: Registered): number =>
  Number(a.isMarked) - Number(b.isMarked) ||
  a.created - b.created ||
  compareCodePoints(a.namespace.sortKey, b.namespace.sortKey);

/**
 * The oldest namespaces under a prefix that come after one, and then those that may be empty: as many as can be
 * held. The registry is in the order of
 * names, so each call reads all of it: 1 request a MB. A name has 100 KB at most, so 20 rows are held or more, and
 * 4,000 of short names. Beside the Query that each namespace takes, what is read again is little.
 */
export async function oldestRows(
  registry: Registry,
  prefix: readonly string[],
  after: Registered | undefined,
): Promise<{ all: Registered[]; isWhole: boolean }> {
  let all: Registered[] = [];
  let isWhole = true;
  for await (const page of registry.under(prefix)) {
    // None comes in that is younger than one which was left out.
    const last = isWhole ? undefined : all.at(-1);
    for (const row of page) if ((!after || byAge(row, after) > 0) && (!last || byAge(row, last) < 0)) all.push(row);
    all.sort(byAge);
    const count = fitting(all);
    if (count === all.length) continue;
    isWhole = false;
    all = all.slice(0, count);
  }
  return { all, isWhole };
}

/** How many rows can be held, the first of them in any case. */
function fitting(rows: Registered[]): number {
  let signs = 0;
  const over = rows.findIndex(({ namespace: { sortKey, whole } }, i) => {
    signs += sortKey.length + (whole?.length ?? 0);
    return i > 0 && (i >= MOST_ROWS || signs > MOST_SIGNS);
  });
  return over < 0 ? rows.length : over;
}
