import Table from "cli-table3";
import type { Colors } from "picocolors/types";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { painted, plainOf, type Text } from "./text.js";

/** A column of a table. */
export interface Column {
  title: string;
  /** Numbers are on the right. Default: `"left"`. */
  align?: "left" | "right";
  /** Never wrapped, as a time or a number. Default: only what is on the right. */
  whole?: boolean;
}

export type Row = readonly Text[];
export type Rows = Iterable<Row> | AsyncIterable<Row>;

/** Rows laid out together: a longer table is printed as it arrives. */
const ROWS_AT_ONCE = 100;
const GAP = 2;
/** Where there is no terminal, a column is at most this wide, and longer texts run over. */
const PADDED = 40;
/** A column that is wrapped to less than this cannot be read. */
const NARROWEST = 12;

/**
 * The lines of a table, which is never wider than `width`. Where columns would be too narrow for that, each row is a
 * block of lines.
 */
export async function* tableLines(
  columns: readonly Column[],
  rows: Rows,
  width: number,
  colors: Colors,
): AsyncGenerator<string> {
  const natural = columns.map(({ title }) => stringWidth(title));
  let isFirst = true;
  for await (const batch of batches(rows)) {
    const texts = batch.map((row) => columns.map((_, i) => plainOf(row[i])));
    for (const row of texts) row.forEach((text, i) => (natural[i] = Math.max(natural[i]!, stringWidth(text))));
    if (width === Infinity) {
      yield* wholeLines(columns, batch, texts, natural, isFirst, colors);
      isFirst = false;
      continue;
    }
    const widths = fitted(columns, natural, width - GAP * (columns.length - 1));
    if (widths) yield* gridLines(columns, batch, texts, widths, isFirst, colors);
    else yield* blockLines(columns, batch, texts, width, colors);
    isFirst = false;
  }
}

async function* batches(rows: Rows): AsyncGenerator<Row[]> {
  let batch: Row[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < ROWS_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Takes from the widest columns until all fit. `undefined` when they cannot. */
function fitted(columns: readonly Column[], natural: readonly number[], available: number): number[] | undefined {
  const widths = [...natural];
  const canShrink = columns.map(({ align, whole = align === "right" }) => !whole);
  for (let excess = widths.reduce((sum, width) => sum + width, 0) - available; excess > 0; excess--) {
    const widest = Math.max(...widths.filter((_, i) => canShrink[i]));
    if (widest <= NARROWEST) return undefined;
    widths[widths.findIndex((width, i) => canShrink[i] && width === widest)]!--;
  }
  return widths;
}

/**
 * The lines for what is no terminal: each row on one line, whole. A text that is longer than `PADDED` pushes its own
 * row to the right, and does not widen all others.
 */
function* wholeLines(
  columns: readonly Column[],
  rows: readonly Row[],
  texts: readonly string[][],
  natural: readonly number[],
  hasHead: boolean,
  colors: Colors,
): Generator<string> {
  const line = (cells: readonly string[], paint: (text: string, i: number) => string): string =>
    cells
      .map((text, i) => {
        const space = " ".repeat(Math.max(0, Math.min(natural[i]!, PADDED) - stringWidth(text)));
        return columns[i]!.align === "right" ? space + paint(text, i) : paint(text, i) + space;
      })
      .join(" ".repeat(GAP))
      .trimEnd();
  if (hasHead)
    yield line(
      columns.map(({ title }) => title),
      (text) => colors.dim(text),
    );
  for (const [r, row] of rows.entries()) yield line(texts[r]!, (text, i) => painted(colors, text, row[i]));
}

const NO_FRAME = Object.fromEntries(
  [
    "top",
    "top-mid",
    "top-left",
    "top-right",
    "bottom",
    "bottom-mid",
    "bottom-left",
    "bottom-right",
    "left",
    "left-mid",
    "mid",
    "mid-mid",
    "right",
    "right-mid",
  ].map((part) => [part, ""]),
);

function* gridLines(
  columns: readonly Column[],
  rows: readonly Row[],
  texts: readonly string[][],
  widths: number[],
  hasHead: boolean,
  colors: Colors,
): Generator<string> {
  const table = new Table({
    head: hasHead ? columns.map(({ title }) => colors.dim(title)) : [],
    colWidths: widths,
    colAligns: columns.map(({ align = "left" }) => align),
    chars: { ...NO_FRAME, middle: " ".repeat(GAP) },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  rows.forEach((row, r) => table.push(columns.map((_, i) => wrapped(texts[r]![i]!, widths[i]!, row[i], colors))));
  for (const line of table.toString().split("\n")) yield line.trimEnd();
}

/** Each line has its own colours, so that none runs into the next column. */
function wrapped(text: string, width: number, from: Text, colors: Colors): string {
  const lines = stringWidth(text) <= width ? [text] : wrapAnsi(text, width, { hard: true, trim: false }).split("\n");
  return lines.map((line) => painted(colors, line, from)).join("\n");
}

function* blockLines(
  columns: readonly Column[],
  rows: readonly Row[],
  texts: readonly string[][],
  width: number,
  colors: Colors,
): Generator<string> {
  const titleWidth = Math.max(...columns.map(({ title }) => stringWidth(title)));
  const valueWidth = Math.max(NARROWEST, width - titleWidth - GAP);
  for (const [r, row] of rows.entries()) {
    for (const [i, { title }] of columns.entries()) {
      if (texts[r]![i] === "") continue;
      const [first, ...more] = wrapped(texts[r]![i]!, valueWidth, row[i], colors).split("\n");
      yield colors.dim(title) + " ".repeat(titleWidth + GAP - stringWidth(title)) + first!;
      for (const line of more) yield " ".repeat(titleWidth + GAP) + line;
    }
    yield "";
  }
}
