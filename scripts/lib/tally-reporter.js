import { writeFileSync } from "node:fs";

/** @import { Reporter, TestModule, Vitest } from "vitest/node" */
/** @import { SerializedError } from "vitest" */

/** @typedef {{ passed: number, failed: number, skipped: string[], problems: string[], idleLanes: string[] }} Tally */

/**
 * A vitest reporter that writes what a run amounts to, as one `Tally`, to the file that `TEST_TALLY_FILE` names.
 * vitest's own JSON report knows neither the lanes nor the errors outside of tests.
 *
 * @implements {Reporter}
 */
export default class TallyReporter {
  /** @type {string[]} */
  #lanes = [];

  /** @param {Vitest} vitest */
  onInit(vitest) {
    this.#lanes = vitest.projects.map((project) => project.name);
  }

  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly SerializedError[]} unhandledErrors
   * @param {string} reason
   */
  onTestRunEnd(modules, unhandledErrors, reason) {
    /** @type {Tally} */
    const tally = { passed: 0, failed: 0, skipped: [], problems: [], idleLanes: [] };
    const busyLanes = new Set();

    for (const module of modules) {
      const file = `${module.project.name}: ${module.relativeModuleId}`;
      let tests = 0;
      for (const test of module.children.allTests()) {
        tests += 1;
        const { state } = test.result();
        if (state === "passed") tally.passed += 1;
        else if (state === "failed") tally.failed += 1;
        else tally.skipped.push(`${file} > ${test.fullName}`);
        if (state === "passed") busyLanes.add(module.project.name);
      }
      // A hook that fails is the error of its suite, and its tests count as skipped.
      const errors = [module, ...module.children.allSuites()].flatMap((task) => task.errors());
      for (const error of errors) tally.problems.push(`${file}: ${error.message}`);
      if (tests === 0 && errors.length === 0) tally.problems.push(`${file}: has no tests`);
    }
    for (const error of unhandledErrors) tally.problems.push(`unhandled: ${String(error.message)}`);
    if (reason === "interrupted") tally.problems.push("the run was interrupted");
    tally.idleLanes = this.#lanes.filter((lane) => !busyLanes.has(lane));

    const file = process.env.TEST_TALLY_FILE;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}
