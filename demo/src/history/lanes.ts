/** How one row of the history is drawn: `lane` holds its dot, and lanes are counted from the left. */
export interface LaneRow {
  lane: number;
  /** Whether a line comes to the dot from the row above, in its own lane. */
  fromAbove: boolean;
  /** Whether a line goes on to its parent below. */
  toBelow: boolean;
  /** Lanes whose line passes by. */
  passing: number[];
  /** Lanes that end here: each is a branch that began at this checkpoint. */
  joining: number[];
}

interface Node {
  id: string;
  parent: string | null;
}

/**
 * Gives every checkpoint a lane, as a graph of commits does. A branch keeps its lane down to the checkpoint it began
 * at; the branch with the newest checkpoint is the leftmost one.
 *
 * @param checkpoints newest first
 */
export function lanesOf(checkpoints: readonly Node[]): LaneRow[] {
  const known = new Set(checkpoints.map(({ id }) => id));
  /** For each lane the checkpoint that its line leads to. */
  const lanes: (string | undefined)[] = [];

  return checkpoints.map(({ id, parent }) => {
    const leadingHere = lanes.flatMap((target, lane) => (target === id ? [lane] : []));
    const free = lanes.indexOf(undefined);
    const lane = leadingHere[0] ?? (free >= 0 ? free : lanes.length);
    for (const ended of leadingHere) lanes[ended] = undefined;
    const passing = lanes.flatMap((target, other) => (target !== undefined ? [other] : []));
    // The parent may lie beyond the part of the history that was loaded.
    lanes[lane] = parent !== null && known.has(parent) ? parent : undefined;
    return {
      lane,
      fromAbove: leadingHere.length > 0,
      toBelow: lanes[lane] !== undefined,
      passing,
      joining: leadingHere.slice(1),
    };
  });
}

/** The checkpoints from `id` back to the beginning. */
export function lineage(checkpoints: readonly Node[], id: string | undefined): Set<string> {
  const parents = new Map(checkpoints.map(({ id, parent }) => [id, parent]));
  const line = new Set<string>();
  for (let at = id ?? null; at !== null && parents.has(at); at = parents.get(at) ?? null) line.add(at);
  return line;
}
