// `npm run soak`: the tests that find rare failures, for as long as one likes. `npm run soak -- --help` lists the
// options.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureCeph } from "./lib/servers/ceph.js";
import { atEndOfProcess } from "./lib/servers/daemon.js";
import { ensureInstalled } from "./lib/install.js";
import { ensureJava } from "./lib/servers/java.js";

/**
 * What a test says of itself, every 30 seconds and at its end.
 * @typedef {{ test: string, seconds: number, isOver: boolean, calls?: number, failed?: number, compared?: number,
 *   threads?: number, histories?: number, byKind?: Record<string, number>, faults?: Record<string, number> }} Report
 */

const root = fileURLToPath(new URL("..", import.meta.url));
/** @type {Record<string, string>} */
const files = {
  history: "tests/behaviour/checkpoint/history.test.ts",
  ttl: "tests/behaviour/payload/ttl-invariant.test.ts",
  leases: "tests/programs/lease-processes.test.ts",
  server: "tests/server/nemesis/nemesis.test.ts",
};
/** What needs no S3. */
const withoutS3 = ["leases", "server"];
/** What runs without a name. */
const usual = ["history", "ttl"];
const help = `
npm run soak -- [history] [ttl] [server] [options]
npm run soak -- leases [--runs N] [--seed N]
npm run soak -- world [--kind saver|store|lease] [--histories N] [--seed N] [--processes N] [--replay SEED] [--mutants]

  history        many workers on the same threads while requests fail; checks what they read
  ttl            random histories under a simulated clock; checks that nothing expires too early
                 (both, side by side, by default)
  leases         two processes that answer one approval at once, while holders are killed and stopped; checks that the
                 tool is paid once
  server         50 clients of the agent server on 20 threads, while instances die, connections drop and runs are
                 cancelled; checks that every run ends and no event is lost
  world          histories of savers in a world in memory, where every request, fault and moment follows from the
                 seed; needs no server
  --kind KIND    whose histories, in world: saver, store with the cache, or lease for runs under leases (saver)
  --minutes N    how long (60)
  --seed N       what the random choices start from (any); the same one repeats them
  --share N      of all requests, how many meet a fault, in history (0.2)
  --runs N       how many approvals, in leases (500)
  --histories N  how many, in world (10,000)
  --processes N  how many at once, in world (as many as there are cores)
  --replay SEED  lives through one history of world again, makes it small and shows it
  --mutants      puts faults into copies of the sources, and says after how many histories world finds each
`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: "string" },
      seed: { type: "string" },
      share: { type: "string" },
      runs: { type: "string" },
      histories: { type: "string" },
      processes: { type: "string" },
      kind: { type: "string" },
      replay: { type: "string" },
      mutants: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(help);
    process.exit(0);
  }
  const seed = number("seed", values.seed ?? String(Math.floor(Math.random() * 1e6)), 0, 2 ** 31 - 1);
  if (positionals.length === 1 && positionals[0] === "world") {
    ensureInstalled();
    const histories = number("histories", values.histories ?? (values.mutants ? "2000" : "10000"), 1, 1e9);
    const processes = number("processes", values.processes ?? String(availableParallelism()), 1, 1_000);
    const { kind = "saver" } = values;
    if (kind !== "saver" && kind !== "store" && kind !== "lease")
      throw new Error(`--kind must be saver, store or lease, not ${JSON.stringify(kind)}.`);
    /** @type {{ histories: number, seed: string, processes: number, kind: "saver" | "store" | "lease" }} */
    const options = { histories, seed: String(seed), processes, kind };
    const { soakMutants } = await import("./lib/testing/soak-mutants.js");
    const { soakWorld } = await import("./lib/testing/soak-world.js");
    process.exit(
      await (values.mutants
        ? soakMutants(options)
        : soakWorld({ ...options, ...(values.replay !== undefined && { replay: values.replay }) })),
    );
  }
  if (positionals.includes("leases") && positionals.length > 1)
    throw new Error("leases goes on for a number of approvals, and not for a time: soak it by itself.");
  const names = positionals.length > 0 ? positionals : usual;
  const unknown = names.find((name) => !(name in files));
  if (unknown)
    throw new Error(
      `There is no ${JSON.stringify(unknown)} to soak, only ${Object.keys(files).join(", ")}, or world by itself.`,
    );
  const minutes = number("minutes", values.minutes ?? "60", 0.1, 100_000);
  const share = number("share", values.share ?? "0.2", 0, 0.5);
  const runs = number("runs", values.runs ?? "500", 1, 1e6);

  ensureInstalled();
  if (!process.env.DYNAMODB_ENDPOINT) ensureJava();
  if (!process.env.S3_ENDPOINT && !names.every((name) => withoutS3.includes(name))) ensureCeph();
  process.exitCode = await soak(names, {
    SOAK_MINUTES: String(minutes),
    SOAK_SEED: String(seed),
    SOAK_SHARE: String(share),
    ...(names.includes("leases") && { SOAK_RUNS: String(runs) }),
    ...(names.every((name) => withoutS3.includes(name)) && {
      TEST_PLAN: JSON.stringify({ dynamodb: "real", s3: "none", lanes: [], leftOut: [], thorough: true, missing: [] }),
    }),
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/**
 * @param {string[]} names
 * @param {{ SOAK_MINUTES: string, SOAK_SEED: string, SOAK_SHARE: string, SOAK_RUNS?: string, TEST_PLAN?: string }} env
 * @returns {Promise<number>} the exit code
 */
async function soak(names, env) {
  const { print, printTable, heading } = await import("./lib/docs/terminal.js");
  const share = `${env.SOAK_MINUTES} minutes, ${Number(env.SOAK_SHARE) * 100} % faults`;
  print(`seed ${env.SOAK_SEED}, ${env.SOAK_RUNS ? `${env.SOAK_RUNS} approvals` : share}`);
  const vitest = [
    "node_modules/vitest/vitest.mjs",
    "run",
    ...names.map((name) => files[name] ?? name),
    "--project=node",
    "--project=node/alone",
    "--disable-console-intercept=true",
  ];
  const child = spawn(process.execPath, vitest, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const code = new Promise((resolve) => child.once("close", resolve));
  atEndOfProcess(() => void child.kill());

  /** @type {Map<string, Report>} */
  const last = new Map();
  /** @type {string[]} */
  const otherLines = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      const at = line.indexOf('soak {"test"');
      if (at < 0) {
        otherLines.push(line);
        return;
      }
      /** @type {Report} */
      const report = JSON.parse(line.slice(at + "soak ".length));
      last.set(report.test, report);
      print(progress(report));
    });
  }
  const exitCode = Number(await code);
  const reports = [...last.values()];
  // Whoever says nothing has not run.
  const isWhole = reports.length > 0 && names.every((name) => reports.some(({ test }) => test.startsWith(name)));
  if (exitCode !== 0 || !isWhole) console.log(otherLines.join("\n"));

  heading(`seed ${env.SOAK_SEED}: ${exitCode === 0 && isWhole ? "nothing was lost" : "FAILED, see above"}`);
  printTable(
    ["test", "minutes", "calls", "of them failed", "checkpoints compared", "threads", "histories", "faults"],
    reports.map((r) => [
      r.test,
      (r.seconds / 60).toFixed(1),
      ...[r.calls, r.failed, r.compared, r.threads, r.histories, r.faults && sum(r.faults)].map(count),
    ]),
    ["left", ...Array(7).fill("right")],
  );
  const faults = total(reports.map((report) => report.faults ?? {}));
  const byKind = total(reports.map((report) => report.byKind ?? {}));
  if (Object.keys(byKind).length > 0) print();
  if (Object.keys(faults).length > 0) print(`faults: ${kinds(faults)}`);
  if (Object.keys(byKind).length > 0) print(`calls: ${kinds(byKind)}`);
  return exitCode === 0 && isWhole ? 0 : 1;
}

/** @param {Report} report */
function progress({ test, seconds, calls, compared, histories, threads, byKind, faults }) {
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const done =
    calls === undefined
      ? histories === undefined
        ? `${count(threads)} threads: ${kinds(byKind ?? {})}`
        : `${count(histories)} histories`
      : `${count(calls)} calls, ${count(compared)} checkpoints compared`;
  return `${time.padStart(6)}  ${test}: ${done}${faults ? `; ${count(sum(faults))} faults: ${kinds(faults)}` : ""}`;
}

/** @param {Record<string, number>} counts */
function sum(counts) {
  return Object.values(counts).reduce((all, n) => all + n, 0);
}

/** @param {Record<string, number>} counts */
function kinds(counts) {
  const sorted = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, n]) => `${name} ${count(n)}`).join(", ");
}

/** @param {Record<string, number>[]} all */
function total(all) {
  /** @type {Record<string, number>} */
  const sums = {};
  for (const counts of all) for (const [name, n] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + n;
  return sums;
}

/** @param {number | undefined} n */
function count(n) {
  return n === undefined ? "" : n.toLocaleString("en-US");
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} min
 * @param {number} max
 */
function number(name, text, min, max) {
  const value = Number(text);
  if (text !== "" && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a number from ${min} to ${max}, not ${JSON.stringify(text)}.`);
}
