/** In how many orders of its requests a smaller history is tried. */
const ORDERS = 6;

/** What can be left out of a history, whatever is called in it. */
interface Shrinkable {
  calls: object[];
  schedule: number;
}

export type Simpler<P> = (plan: P) => P | undefined;

interface Shrinking<P> {
  run: (plan: P) => Promise<{ problem: string | undefined }>;
  /** What is wrong, without what differs from history to history. */
  kindOf: (problem: string) => string;
  simplerOnes: (plan: P) => Simpler<P>[];
}

export interface Shrunk<P> {
  plan: P;
  problem: string;
  /** How many histories. */
  tried: number;
}

/** Leaves out what a failure does not need, again and again, until nothing more can go. */
export async function shrinkWith<P extends Shrinkable>(
  { run, kindOf, simplerOnes }: Shrinking<P>,
  plan: P,
  problem: string,
  tell: (line: string) => void = () => undefined,
): Promise<Shrunk<P>> {
  const kind = kindOf(problem);
  let [best, said, tried] = [plan, problem, 0];
  const accept = async (smaller: P): Promise<boolean> => {
    for (let i = 0; i < ORDERS; i++) {
      const candidate = { ...smaller, schedule: best.schedule + i };
      tried++;
      const outcome = await run(candidate);
      if (outcome.problem === undefined || kindOf(outcome.problem) !== kind) continue;
      [best, said] = [candidate, outcome.problem];
      return true;
    }
    return false;
  };
  for (let isSmaller = true; isSmaller;) {
    isSmaller = await withoutCalls(() => best, accept);
    tell(`${best.calls.length} calls left after ${tried} histories`);
    for (const simpler of simplerOnes(best)) {
      const candidate = simpler(best);
      if (candidate && (await accept(candidate))) isSmaller = true;
    }
  }
  return { plan: best, problem: said, tried };
}

/** Halves first, and then one by one. */
async function withoutCalls<P extends Shrinkable>(
  best: () => P,
  accept: (plan: P) => Promise<boolean>,
): Promise<boolean> {
  let isSmaller = false;
  for (let size = Math.ceil(best().calls.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = best().calls.length - size; at >= 0; at -= size) {
      const { calls, ...rest } = best();
      const fewer = { ...rest, calls: [...calls.slice(0, at), ...calls.slice(at + size)] } as P;
      if (await accept(fewer)) isSmaller = true;
    }
  }
  return isSmaller;
}
