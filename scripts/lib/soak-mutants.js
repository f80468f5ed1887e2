import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants } from "./mutants.js";
import { buildWorld, runWorld } from "./simulation.js";

/** @import { Mutant } from "./mutants.js" */

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * `npm run soak -- world --mutants`: whether the world finds faults that are put into a copy of the sources, and none
 * without.
 * @param {{ histories: number, seed: string, processes: number, source?: string | undefined }} options
 * @returns {Promise<number>} the exit code
 */
export async function soakMutants({ histories, seed, processes, source = join(root, "src") }) {
  const { print, heading } = await import("./terminal.js");
  heading(`${mutants.length} mutants, ${histories.toLocaleString("en-US")} histories of seed ${seed} at most`);
  let wrong = 0;
  /** @param {string} name @param {string} what @param {boolean} isRight */
  const tell = (name, what, isRight) => {
    if (!isRight) wrong++;
    print(`${isRight ? "ok    " : "FAILED"} ${name}: ${what}`);
  };
  const last = await firstFailure(await buildWorld(source, "unchanged"), { histories, seed, processes });
  tell("nothing is changed", last.problem ?? `survives ${last.after} histories`, last.problem === undefined);
  for (const [i, mutant] of mutants.entries()) {
    try {
      const found = await firstFailure(await buildMutant(mutant, i, source), { histories, seed, processes });
      tell(
        mutant.name,
        found.problem === undefined ? `survives ${found.after} histories` : `after ${found.after}: ${found.problem}`,
        found.problem !== undefined,
      );
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
        `${file} has ${places} places with ${JSON.stringify(from)}: this mutant has to be written anew in scripts/lib/mutants.js.`,
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
 * @param {{ histories: number, seed: string, processes: number }} options
 * @returns {Promise<{ after: number, problem?: string }>} after so many histories of one process or another
 */
async function firstFailure(program, { histories, seed, processes }) {
  /** @type {{ after: number, problem?: string }} */
  let first = { after: histories };
  await Promise.all(
    Array.from({ length: processes }, (_, from) =>
      runWorld(program, { seed, from, to: histories, step: processes, first: true }, (line) => {
        if (!("failed" in line)) return;
        const after = Number(line.failed.split("-").at(-1)) + 1;
        if (first.problem === undefined || after < first.after) first = { after, problem: line.problem.slice(0, 160) };
      }),
    ),
  );
  return first;
}
