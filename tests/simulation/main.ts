import { leases, savers, stores, type Histories } from "./histories.js";

/*
 * A process of `npm run soak -- world`: lives through the histories of some seeds, one after the other, and tells in
 * lines of JSON what it finds. `replay` shows one of them, as small as it can be made.
 */

export interface Job {
  /** Whose histories. */
  kind: "saver" | "store" | "lease";
  seed: string;
  from: number;
  to: number;
  /** Every so many, for one of several processes. */
  step: number;
  replay?: string;
  /** Ends with the first failure that is not of these kinds. */
  untilOtherThan?: string[];
}

const REPORT_EVERY_MS = 5_000;

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function soak<P extends { calls: object[] }>(
  histories: Histories<P>,
  { seed, from, to, step, untilOtherThan }: Job,
): Promise<void> {
  const figures = { histories: 0, requests: 0, faults: 0 };
  let reportedMs = performance.now();
  for (let i = from; i < to; i += step) {
    const name = `${seed}-${i}`;
    const { problem, requests, faults } = await histories.run(histories.generate(name));
    const kind = problem === undefined ? undefined : histories.kindOf(problem);
    figures.histories++;
    figures.requests += requests;
    figures.faults += Object.values(faults).reduce((sum, many) => sum + many, 0);
    if (problem !== undefined) say({ failed: name, kind, problem: problem.split("\n")[0] });
    if (performance.now() - reportedMs > REPORT_EVERY_MS) {
      reportedMs = performance.now();
      say(figures);
    }
    if (kind !== undefined && untilOtherThan?.includes(kind) === false) break;
  }
  say({ ...figures, isOver: true });
}

async function replay<P extends { calls: object[] }>(histories: Histories<P>, name: string): Promise<void> {
  const plan = histories.generate(name);
  const { problem, hash, steps, requests } = await histories.run(plan);
  console.log(`History ${name}: ${plan.calls.length} calls, ${requests} requests, ${steps} steps, hash ${hash}`);
  if (problem === undefined) {
    console.log("Nothing is wrong.");
    return;
  }
  console.log(`Wrong: ${problem}\n\nMaking it smaller …`);
  const small = await histories.shrink(plan, problem, (line) => console.log(`  ${line}`));
  console.log(`\nSmaller, in another order of its requests perhaps: ${small.problem}`);
  await histories.print(small.plan, (line) => console.log(line));
  process.exitCode = 1;
}

const live = <P extends { calls: object[] }>(histories: Histories<P>, job: Job): Promise<void> =>
  job.replay === undefined ? soak(histories, job) : replay(histories, job.replay);

const job = JSON.parse(process.argv[2]!) as Job;
await (job.kind === "store" ? live(stores, job) : job.kind === "lease" ? live(leases, job) : live(savers, job));
