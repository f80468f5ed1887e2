/** Checkpoints or parts deleted between two reports. */
const ROW = 1_000;

/** Everything, some at a time: a long thread has a hundred thousand. */
export function* rowsOf<T>(all: Iterable<T>): Generator<T[]> {
  let row: T[] = [];
  for (const one of all) {
    row.push(one);
    if (row.length < ROW) continue;
    yield row;
    row = [];
  }
  if (row.length > 0) yield row;
}
