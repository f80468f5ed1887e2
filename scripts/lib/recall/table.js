/** @import { Recall } from "./measure.js" */

const COLUMNS = [
  "vectors",
  "dims",
  "bits",
  "bytes",
  "mean cosine",
  "plain signs, 100",
  "50",
  "100",
  "200",
  "400",
  "@100: 400",
  "1,000",
  "as many as needed",
  "recall@10",
  "cosine lost",
  "ms to sketch 10,000",
  "ms a search",
];

/** In Markdown: recall@10 by how many are compared exactly after the sketches. */
export const tableHead = `| ${COLUMNS.join(" | ")} |\n|${COLUMNS.map((_, i) => (i === 0 ? "---" : "---:")).join("|")}|`;

/** @param {string} name @param {Recall} recall */
export function tableRow(
  name,
  { dims, bits, bytes, alike, plain, at10, at100, compared, ruled, lost, sketchMs, searchMs },
) {
  const shares = [plain, ...at10.values(), ...at100.values()].map((share) => share.toFixed(3));
  const needed = [compared.toFixed(0), ruled.toFixed(3)];
  const cells = [
    name,
    dims,
    bits,
    bytes,
    alike.toFixed(2),
    ...shares,
    ...needed,
    lost.toExponential(0),
    sketchMs.toFixed(0),
  ];
  console.log(`| ${[...cells, searchMs.toFixed(1)].join(" | ")} |`);
}
