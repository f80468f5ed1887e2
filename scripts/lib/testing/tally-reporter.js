import { writeFileSync } from "node:fs";
import { laneOf } from "./lanes.js";
import { secretsIn } from "./secrets.js";

/** @import { Reporter, TestModule, Vitest } from "vitest/node" */
/** @import { SerializedError } from "vitest" */

/** @typedef {{ errors: number, events: number, lines: number, savers: number }} Emitted */
/** @typedef {{ name: string, files: number, paths: string[], passed: number, failed: number, seconds: number }} Lane */
/**
 * @typedef {{ passed: number, failed: number, skipped: string[], problems: string[], lanes: Lane[], emitted: Emitted }}
 *   Tally
 */

/** Everything that this process prints, which is also all that its tests and their runtimes print. */
const printed = [process.stdout, process.stderr].map(copyOf);

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
    this.#lanes = vitest.projects.map((project) => laneOf(project.name));
  }

  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly SerializedError[]} unhandledErrors
   * @param {string} reason
   */
  onTestRunEnd(modules, unhandledErrors, reason) {
    /** @type {Tally} */
    const tally = {
      passed: 0,
      failed: 0,
      skipped: [],
      problems: [],
      lanes: [],
      emitted: { errors: 0, events: 0, lines: 0, savers: 0 },
    };
    /** @type {Map<string, Lane>} */
    const lanes = new Map(
      this.#lanes.map((name) => [name, { name, files: 0, paths: [], passed: 0, failed: 0, seconds: 0 }]),
    );

    for (const module of modules) {
      const name = laneOf(module.project.name);
      const file = `${name}: ${module.relativeModuleId}`;
      const lane = /** @type {Lane} */ (lanes.get(name));
      const { setupDuration, collectDuration, duration } = module.diagnostic();
      lane.files += 1;
      lane.paths.push(module.relativeModuleId);
      lane.seconds += (setupDuration + collectDuration + duration) / 1_000;
      let tests = 0;
      for (const test of module.children.allTests()) {
        tests += 1;
        const { state } = test.result();
        if (state === "passed") lane.passed += 1;
        else if (state === "failed") lane.failed += 1;
        else tally.skipped.push(`${file} > ${test.fullName}`);
        const { emitted } = /** @type {{ emitted?: Emitted }} */ (test.meta());
        for (const kind of /** @type {(keyof Emitted)[]} */ (Object.keys(tally.emitted)))
          tally.emitted[kind] += emitted?.[kind] ?? 0;
      }
      // A hook that fails is the error of its suite, and its tests count as skipped.
      const errors = [module, ...module.children.allSuites()].flatMap((task) => task.errors());
      for (const error of errors) tally.problems.push(`${file}: ${error.message}`);
      if (tests === 0 && errors.length === 0) tally.problems.push(`${file}: has no tests`);
    }
    for (const error of unhandledErrors) tally.problems.push(`unhandled: ${String(error.message)}`);
    tally.lanes = [...lanes.values()];
    for (const { passed, failed } of tally.lanes) {
      tally.passed += passed;
      tally.failed += failed;
    }
    // A failure is reported with the values that it is about.
    if (tally.failed + tally.problems.length === 0) tally.problems.push(...printed.flatMap(secretLines));
    if (reason === "interrupted") tally.problems.push("the run was interrupted");

    const file = process.env.TEST_TALLY_FILE;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}

/**
 * Copies what a stream writes, from now on.
 * @param {NodeJS.WriteStream} stream
 * @returns {string[]}
 */
function copyOf(stream) {
  /** @type {string[]} */
  const chunks = [];
  const write = stream.write.bind(stream);
  const copied = (/** @type {unknown[]} */ ...args) => {
    const [chunk] = args;
    chunks.push(typeof chunk === "string" ? chunk : Buffer.from(/** @type {Uint8Array} */ (chunk)).toString());
    return write(.../** @type {[string]} */ (args));
  };
  stream.write = /** @type {typeof stream.write} */ (copied);
  return chunks;
}

/**
 * @param {string[]} chunks
 * @returns {string[]}
 */
function secretLines(chunks) {
  const lines = chunks.join("").split("\n");
  return lines.flatMap((line, i) => {
    const found = secretsIn(line);
    if (found.length === 0) return [];
    return [
      `${found.join(", ")} was printed: ${lines
        .slice(Math.max(0, i - 2), i + 1)
        .join(" / ")
        .slice(-600)}`,
    ];
  });
}
