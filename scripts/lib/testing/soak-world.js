import { buildWorld, replayHistory, runWorld } from "./simulation.js";

/** @import { Job } from "../../../tests/simulation/main.js" */
/** @import { Failure, Figures } from "./simulation.js" */

/** How many failures are named. */
const SHOWN = 20;

/**
 * `npm run soak -- world`: histories of the simulated world, on all cores.
 * @param {{ histories: number, seed: string, processes: number, kind: Job["kind"], replay?: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function soakWorld({ histories, seed, processes, kind, replay }) {
  const { print, printTable, heading } = await import("../docs/terminal.js");
  const program = await buildWorld();
  if (replay !== undefined) return replayHistory(program, kind, replay);
  const started = performance.now();
  print(`seed ${seed}, ${histories.toLocaleString("en-US")} histories in ${processes} processes`);
  /** @type {Failure[]} */
  const failures = [];
  /** @type {Figures[]} */
  const figures = [];
  let over = 0;
  let saidMs = started;
  const sum = (/** @type {keyof Figures} */ name) => figures.reduce((all, one) => all + (one?.[name] ?? 0), 0);
  const codes = await Promise.all(
    Array.from({ length: processes }, (_, from) =>
      runWorld(program, { kind, seed, from, to: histories, step: processes }, (line) => {
        if ("failed" in line) {
          if (failures.length < SHOWN) print(`  ${line.failed}: ${line.problem.slice(0, 300)}`);
          failures.push(line);
          return;
        }
        figures[from] = line;
        if (line.isOver) over++;
        if (performance.now() - saidMs < 30_000) return;
        saidMs = performance.now();
        print(
          `  ${((saidMs - started) / 60_000).toFixed(1)} minutes: ${sum("histories").toLocaleString("en-US")} ` +
            `histories, ${failures.length} failed`,
        );
      }),
    ),
  );
  // A process that ends early has lived through less than it should.
  const isWhole = codes.every((code) => code === 0) && over === processes && sum("histories") === histories;
  heading(`seed ${seed}: ${failures.length === 0 && isWhole ? "nothing was lost" : "FAILED, see above"}`);
  const count = (/** @type {number} */ n) => n.toLocaleString("en-US");
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  printTable(
    ["minutes", "histories", "requests", "faults", "failed"],
    [[minutes, count(sum("histories")), count(sum("requests")), count(sum("faults")), count(failures.length)]],
    Array(5).fill("right"),
  );
  if (failures.length > 0) {
    print();
    print("One of each kind, and how to replay it:");
    for (const wrong of new Set(failures.map((failure) => failure.kind))) {
      const same = failures.filter((failure) => failure.kind === wrong);
      print(`  ${same.length} × ${wrong}`);
      print(`    npm run soak -- world --kind ${kind} --replay ${same[0]?.failed}`);
    }
  }
  return failures.length === 0 && isWhole ? 0 : 1;
}
