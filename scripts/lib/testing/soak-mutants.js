import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { leaseMutants } from "./lease-mutants.js";
import { mutants as saverMutants } from "./mutants.js";
import { buildWorld, runWorld } from "./simulation.js";
import { storeMutants } from "./store-mutants.js";

/** @import { Mutant } from "./mutants.js" */
/** @import { Job } from "../../../tests/simulation/main.js" */
/** @import { Failure } from "./simulation.js" */

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * `npm run soak -- world --mutants`: whether the world finds faults that are put into a copy of the sources, and none
 * without.
 * @param {{ kind: "saver" | "store" | "lease", histories: number, seed: string, processes: number,
 *   source?: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function soakMutants({ kind, histories, seed, processes, source = join(root, "src") }) {
  const { print, heading } = await import("../docs/terminal.js");
  const mutants = { saver: saverMutants, store: storeMutants, lease: leaseMutants }[kind];
  heading(`${mutants.length} mutants, ${histories.toLocaleString("en-US")} histories of seed ${seed} at most`);
  let wrong = 0;
  /** @param {string} name @param {string} what @param {boolean} isRight */
  const tell = (name, what, isRight) => {
    if (!isRight) wrong++;
    print(`${isRight ? "ok    " : "FAILED"} ${name}: ${what}`);
  };
  const options = { kind, histories, seed, processes };
  const failures = await failuresOf(await buildWorld(source, "unchanged"), options);
  const first = failures[0];
  tell("nothing is changed", first ? said(first) : `survives ${histories} histories`, first === undefined);
  // What is wrong without them does not count.
  const known = [...new Set(failures.map(({ kind }) => kind))];
  for (const [i, mutant] of mutants.entries()) {
    try {
      const [found] = await failuresOf(await buildMutant(mutant, i, source), { ...options, untilOtherThan: known });
      tell(mutant.name, found ? said(found) : `survives ${histories} histories`, found !== undefined);
    } catch (error) {
      tell(mutant.name, error instanceof Error ? error.message : String(error), false);
    }
  }
  return wrong === 0 ? 0 : 1;
}

/**
 * @param {Mutant} mutant
 * @param {number} number
 * @param {string} source
 * @returns {Promise<string>} its program
 */
async function buildMutant({ edits }, number, source) {
  const copy = join(root, ".cache/simulation", `mutant-${number}`);
  rmSync(copy, { recursive: true, force: true });
  cpSync(source, copy, { recursive: true });
  for (const { file, from, to } of edits) {
    const path = join(copy, file);
    const text = readFileSync(path, "utf8");
    const places = text.split(from).length - 1;
    if (places !== 1)
      throw new Error(
        `${file} has ${places} places with ${JSON.stringify(from)}: this mutant has to be written anew in ` +
          "scripts/lib/testing.",
      );
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  return buildWorld(copy, `mutant-${number}`);
}

/**
 * @param {string} program
 * @param {Pick<Job, "kind" | "seed" | "untilOtherThan"> & { histories: number, processes: number }} options
 * @returns {Promise<Failure[]>} in the order of their histories
 */
async function failuresOf(program, { histories, processes, ...job }) {
  /** @type {Failure[]} */
  const failures = [];
  await Promise.all(
    Array.from({ length: processes }, (_, from) =>
      runWorld(program, { ...job, from, to: histories, step: processes }, (line) => {
        if ("failed" in line && !job.untilOtherThan?.includes(line.kind)) failures.push(line);
      }),
    ),
  );
  return failures.sort((a, b) => after(a) - after(b));
}

/** @param {Failure} failure */
const after = ({ failed }) => Number(failed.split("-").at(-1)) + 1;

/** @param {Failure} failure */
const said = (failure) => `after ${after(failure)}: ${failure.problem.slice(0, 160)}`;
