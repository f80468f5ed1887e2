import { fork, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, inject, test } from "vitest";
import { ensureBuilt } from "../../scripts/lib/testing/package-build.js";
import { Random } from "../lanes/hostile/random.js";
import { createSaver, credentials, endpoint, tableName } from "../lanes/savers/harness.js";

/*
 * Two processes resume one thread at once, again and again, and some are killed between the tool and its checkpoint. In
 * the first round nobody dies or waits, and in the second one whoever pays dies; the others are left to chance.
 * `npm test -- lease-processes --thorough` goes on for 500 rounds.
 */

const ROUNDS = inject("thorough") ? 500 : 4;
const ledger = mkdtempSync(join(tmpdir(), "ledger-"));
const keyPrefix = `${crypto.randomUUID()}#`;

interface Worker {
  child: ChildProcess;
  /** What it says next, or that it was killed. */
  next: () => Promise<string>;
}

const workers: Worker[] = [];

afterAll(() => {
  for (const { child } of workers) child.kill("SIGKILL");
  rmSync(ledger, { recursive: true, force: true });
});

async function start(): Promise<Worker> {
  const { accessKeyId, secretAccessKey } = credentials();
  const child = fork(fileURLToPath(new URL("lease-worker.js", import.meta.url)), {
    env: {
      PATH: process.env.PATH,
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      DYNAMODB_TABLE_NAME: tableName(),
      KEY_PREFIX: keyPrefix,
      LEDGER: ledger,
    },
    execArgv: [],
  });
  const said: string[] = [];
  let wake = (): void => undefined;
  const note = (outcome: string): void => {
    said.push(outcome);
    wake();
  };
  child.on("message", ({ outcome }: { outcome: string }) => note(outcome));
  child.on("exit", () => note("killed"));
  const next = async (): Promise<string> => {
    while (said.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return said.shift()!;
  };
  const worker = { child, next };
  workers.push(worker);
  expect(await next()).toBe("ready");
  return worker;
}

const count = (file: string): number => (existsSync(file) ? readFileSync(file, "utf8").length : 0);

test(
  "of two processes that resume at once, whoever dies, the tool is paid once, and the other one is told at once",
  async () => {
    ensureBuilt();
    const random = new Random("lease processes");
    let pair: Worker[] = await Promise.all([start(), start()]);
    const seen: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round++) {
      const thread = `round-${round}`;
      const ask = async ({ child, next }: Worker, more: object): Promise<string> => {
        child.send({ thread, delayMs: 0, toolMs: 0, dies: false, waitSeconds: 0, ...more });
        const outcome = await next();
        seen[outcome] = (seen[outcome] ?? 0) + 1;
        return outcome;
      };
      expect(await ask(pair[0]!, { begin: true })).toBe("asked");
      const outcomes = await Promise.all(
        pair.map((worker) =>
          ask(worker, {
            delayMs: random.below(60),
            toolMs: round === 0 || random.chance(0.2) ? 1_500 : random.below(50),
            dies: round === 1 || (round > 1 && random.chance(0.25)),
            waitSeconds: round > 0 && random.chance(0.5) ? 30 : 0,
          }),
        ),
      );
      pair = await Promise.all(pair.map(async (worker, i) => (outcomes[i] === "killed" ? start() : worker)));
      // Where nobody was left to do it, the next one who asks does.
      const last = await ask(pair[0]!, { waitSeconds: 30 });
      expect(["paid", "was answered"]).toContain(last);
      for (const outcome of outcomes) expect(["paid", "was answered", "THREAD_BUSY", "killed"]).toContain(outcome);

      const killed = outcomes.filter((outcome) => outcome === "killed").length;
      expect(count(`${ledger}/${thread}.effects`)).toBe(1);
      // Also without its key it would be paid once for each that was killed, and once more.
      expect(count(`${ledger}/${thread}.attempts`)).toBeLessThanOrEqual(killed + 1);
      const tuple = await createSaver({ keyPrefix }).getTuple({ configurable: { thread_id: thread } });
      expect(tuple?.checkpoint.channel_values).toMatchObject({ outcome: "paid" });
    }
    expect(Object.keys(seen)).toEqual(expect.arrayContaining(["paid", "THREAD_BUSY", "killed"]));
  },
  inject("thorough") ? 3_600_000 : 300_000,
);
