import type { Colors } from "picocolors/types";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { painted, plainOf, type Text } from "./text.js";

/** A node of a tree: what it says, in one or several parts, and what is below it. */
export interface Tree {
  label: Text | readonly Text[];
  children?: Iterable<Tree> | undefined;
}

const NARROWEST = 16;

/** The lines of a tree, with the root's own first. Long labels go on below where they begin. */
export function* treeLines(
  { label, children }: Tree,
  width: number,
  colors: Colors,
  first = "",
  rest = "",
): Generator<string> {
  const below = [...(children ?? [])];
  const parts = (Array.isArray(label) ? label : [label]) as readonly Text[];
  const lines = labelLines(parts, Math.max(NARROWEST, width - stringWidth(first)), colors);
  for (const [i, line] of lines.entries()) yield colors.dim(i === 0 ? first : rest) + line;
  for (const [i, child] of below.entries()) {
    const isLast = i === below.length - 1;
    yield* treeLines(child, width, colors, `${rest}${isLast ? "└─ " : "├─ "}`, `${rest}${isLast ? "   " : "│  "}`);
  }
}

function labelLines(parts: readonly Text[], width: number, colors: Colors): string[] {
  const texts = parts.map(plainOf);
  if (stringWidth(texts.join(" ")) <= width)
    return [parts.map((part, i) => painted(colors, texts[i]!, part)).join(" ")];
  return wrapAnsi(parts.map((part, i) => painted(colors, texts[i]!, part)).join(" "), width, {
    hard: true,
    trim: true,
  }).split("\n");
}
