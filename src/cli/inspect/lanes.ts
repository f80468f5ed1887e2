import { compareCodePoints } from "../../format/code-points.js";

/*
 * Checkpoints as a graph of commits is drawn, newest first, row by row. A branch keeps its lane down to the checkpoint
 * that it began at; the one with the newest checkpoint is the leftmost.
 */

interface Node {
  id: string;
  /** What it goes on from, where that will come. */
  parent: string | undefined;
}

export class Lanes {
  /** For each lane the checkpoint that its line leads to. */
  readonly #targets: (string | undefined)[] = [];

  /** The drawing of the next row, for example `● │`. */
  next({ id, parent }: Node): string {
    const targets = this.#targets;
    // What a line leads to may be deleted while the thread is read.
    for (const [lane, target] of targets.entries())
      if (target !== undefined && compareCodePoints(target, id) > 0) targets[lane] = undefined;
    const leadingHere = targets.flatMap((target, lane) => (target === id ? [lane] : []));
    const free = targets.indexOf(undefined);
    const lane = leadingHere[0] ?? (free >= 0 ? free : targets.length);
    for (const ended of leadingHere) targets[ended] = undefined;
    const passing = new Set(targets.flatMap((target, other) => (target !== undefined ? [other] : [])));
    // One that another machine's clock has put above is not drawn.
    targets[lane] = parent !== undefined && compareCodePoints(parent, id) < 0 ? parent : undefined;
    while (targets.length > 0 && targets.at(-1) === undefined) targets.pop();
    return draw(lane, passing, new Set(leadingHere.slice(1)));
  }
}

function draw(lane: number, passing: ReadonlySet<number>, joining: ReadonlySet<number>): string {
  const last = Math.max(lane, ...passing, ...joining);
  const lastJoin = Math.max(lane, ...joining);
  let drawing = "";
  for (let at = 0; at <= last; at++) {
    const isCrossed = at > lane && at < lastJoin;
    if (at === lane) drawing += "●";
    else if (joining.has(at)) drawing += at === lastJoin ? "╯" : "┴";
    else if (passing.has(at)) drawing += isCrossed ? "┼" : "│";
    else drawing += isCrossed ? "─" : " ";
    if (at < last) drawing += at >= lane && at < lastJoin ? "─" : " ";
  }
  return drawing;
}
