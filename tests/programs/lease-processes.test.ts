import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, inject, test } from "vitest";
import { ensureBuilt } from "../../scripts/lib/testing/package-build.js";
import { Random } from "../lanes/hostile/random.js";
import { Soaking } from "../lanes/run/soak.js";
import { createSaver, credentials, endpoint, tableName } from "../lanes/savers/harness.js";
import { LeaseWorkers, type Answer, type LeaseWorker } from "./lease-workers.js";

/*
 * Two processes answer one approval at the same moment, again and again. The holder may be killed at any moment, or
 * stopped for longer than its lease. What comes of a round depends on moments, so a seed repeats what is done, and not
 * what comes of it. `npm run soak -- leases` goes on for as many rounds as one likes.
 */

const { seed, runs } = inject("soak");
const ROUNDS = runs || 12;
/** Side by side: most of a round is waiting. */
const AT_ONCE = runs > 0 ? 3 : 2;
/** Long enough to be overtaken by whoever waits, whose lease is for a second. */
const STOPPED_MS = 2_500;

type Fate = "lives" | "is killed" | "is stopped";

const ledger = mkdtempSync(join(tmpdir(), "ledger-"));
const keyPrefix = `${crypto.randomUUID()}#`;
const count = (file: string): number => (existsSync(file) ? readFileSync(file, "utf8").length : 0);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let workers: LeaseWorkers | undefined;

afterAll(() => {
  workers?.end();
  rmSync(ledger, { recursive: true, force: true });
});

function startWorkers(): LeaseWorkers {
  const { accessKeyId, secretAccessKey } = credentials();
  return new LeaseWorkers(
    {
      PATH: process.env.PATH,
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      DYNAMODB_TABLE_NAME: tableName(),
      KEY_PREFIX: keyPrefix,
      LEDGER: ledger,
    },
    AT_ONCE,
  );
}

/** What came of all rounds, for people. */
const seen: Record<string, number> = {};
let slowestLossMs = 0;

/** Lets both answer, and kills or stops who gets the lease. The first two rounds try that for sure. */
async function round(i: number, pair: LeaseWorker[]): Promise<Answer[]> {
  const random = new Random(`leases ${seed} ${i}`);
  const thread = `round-${i}`;
  const fateOf = (): Fate => random.weighted({ lives: 5, "is killed": 3, "is stopped": 2 });
  const fates: Fate[] =
    i === 0 ? ["is killed", "is killed"] : i === 1 ? ["is stopped", "is stopped"] : [fateOf(), fateOf()];
  const waitSeconds = i < 2 || random.chance(0.5) ? 60 : 0;
  expect((await pair[0]!.ask({ thread, begin: true, delayMs: 0, toolMs: 0, waitSeconds })).outcome).toBe("asked");
  let stopped = 0;
  let holders = 0;
  let overtakenMs = Infinity;
  const answers = await Promise.all(
    pair.map(async (worker, j) => {
      const afterMs = random.below(i < 2 ? 20 : 120);
      let continuedMs: number | undefined;
      let isOver = false;
      worker.onHold = () => {
        // One of the two stays, so that a round ends.
        if (holders++ > 0) overtakenMs = Date.now();
        if (holders > 1 || fates[j] === "lives") return;
        void wait(afterMs).then(async () => {
          // It was faster, and may be in another round by now.
          if (isOver) return;
          if (fates[j] === "is killed") return worker.child.kill("SIGKILL");
          stopped++;
          worker.child.kill("SIGSTOP");
          await wait(STOPPED_MS);
          continuedMs = performance.now();
          return worker.child.kill("SIGCONT");
        });
      };
      const answer = await worker.ask({
        thread,
        delayMs: random.below(60),
        toolMs: random.pick([0, 20, 100, 1_500]),
        waitSeconds,
      });
      worker.onHold = () => undefined;
      isOver = true;
      if (answer.outcome === "LEASE_LOST") {
        // On a busy machine a process can stand still for a second by itself.
        slowestLossMs = Math.max(slowestLossMs, performance.now() - (continuedMs ?? Infinity));
        // Nothing of it was granted once the other one had the thread, and it does not ask again and again: its own
        // renewal is refused, and perhaps one more, of what the graph has begun before.
        expect(answer.renewedMs).toBeLessThanOrEqual(overtakenMs);
        expect(answer.refused).toBeLessThanOrEqual(2);
      }
      // Told before it has read anything. An answer can get lost, and the holder come and go meanwhile.
      if (answer.outcome === "THREAD_BUSY" && waitSeconds === 0) expect(answer.requests).toBeLessThanOrEqual(3);
      return answer;
    }),
  );
  const outcomes = answers.map(({ outcome }) => outcome);
  const killed = outcomes.filter((outcome) => outcome === "killed").length;
  for (const outcome of outcomes) {
    seen[outcome] = (seen[outcome] ?? 0) + 1;
    expect(["paid", "was answered", "THREAD_BUSY", "LEASE_LOST", "killed"]).toContain(outcome);
  }
  expect(outcomes.filter((outcome) => outcome === "paid").length).toBeLessThanOrEqual(1);
  // Also without its key it would be paid once for each that was killed or overtaken, and once more.
  const lost = outcomes.filter((outcome) => outcome === "LEASE_LOST").length;
  expect(count(`${ledger}/${thread}.attempts`)).toBeLessThanOrEqual(killed + Math.max(stopped, lost) + 1);
  return answers;
}

/** Where nobody was left to do it, the next one who asks does. Then it was paid once, and the thread says so. */
async function settle(i: number, worker: LeaseWorker): Promise<void> {
  const thread = `round-${i}`;
  const { outcome } = await worker.ask({ thread, delayMs: 0, toolMs: 0, waitSeconds: 60 });
  expect(["paid", "was answered"]).toContain(outcome);
  expect(existsSync(`${ledger}/${thread}.paid`)).toBe(true);
  const tuple = await createSaver({ keyPrefix }).getTuple({ configurable: { thread_id: thread } });
  expect(tuple?.checkpoint.channel_values).toMatchObject({ outcome: "paid" });
}

test(
  "of two processes that answer at once, whoever is killed or stands still, the tool is paid once",
  async () => {
    ensureBuilt();
    const all = (workers = startWorkers());
    const soaking = new Soaking("leases", 1, runs > 0);
    let begun = 0;
    let over = 0;
    const report = (): void =>
      soaking.report(
        { threads: over, byKind: { ...seen, "ms from waking to LEASE_LOST at most": Math.round(slowestLossMs) } },
        over === ROUNDS,
      );
    const line = async (): Promise<void> => {
      const pair = [await all.take(), await all.take()];
      for (let i = begun++; i < ROUNDS; i = begun++) {
        const answers = await round(i, pair);
        for (const [j, { outcome }] of answers.entries()) if (outcome === "killed") pair[j] = await all.take();
        await settle(i, pair[0]!);
        over++;
        report();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
    expect(Object.keys(seen)).toEqual(expect.arrayContaining(["paid", "killed"]));
  },
  runs > 0 ? 4 * 3_600_000 : 300_000,
);
