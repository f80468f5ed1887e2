import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, inject, test } from "vitest";
import { Random } from "../../lanes/hostile/random.js";
import { Soaking, soakTimeoutMs } from "../../lanes/run/soak.js";
import { NemesisClient } from "./client.js";
import { Ledger } from "./graph.js";
import { Instances } from "./instances.js";
import { judge } from "./judge.js";

/*
 * Many clients on few threads, while instances die, connections drop and runs are cancelled. What meets what depends on
 * moments, so a seed repeats what is tried, and not what comes of it. `npm run soak -- server` goes on for as long as
 * one likes.
 */

provideContext();

const { seed, minutes } = inject("soak");
const [CLIENTS, SHARED, ALONE] = minutes > 0 ? [50, 14, 6] : [10, 3, 2];
const SECONDS = 12;
const KILL_MS = 2_500;
/** Each run may die three times, and waits for others that do. */
const PATIENCE_MS = 90_000;

test(
  "whatever dies, drops or is cancelled, every run ends, no thread stays busy and no event is lost",
  async () => {
    const random = new Random(`server ${seed}`);
    const ledger = new Ledger();
    const instances = new Instances(3, random, ledger);
    const threads = Array.from({ length: SHARED + ALONE }, (_, i) => `thread-${i}`);
    for (const thread_id of threads) await instances.json("POST", "/threads", { thread_id });
    const shared = threads.slice(0, SHARED);
    const clients = Array.from({ length: CLIENTS }, (_, i) => {
      const own = i < ALONE ? [threads[SHARED + i]!] : shared;
      return new NemesisClient(`c${i}`, own, i < ALONE, instances, random);
    });
    const soaking = new Soaking("server", 1);
    const since = performance.now();
    // However slow the machine is: until something was answered twice, and paid.
    const goesOn = (): boolean =>
      performance.now() - since < SECONDS * 1_000 || ledger.paid.size === 0 || soaking.goesOn();
    const seen = (): Record<string, number> => {
      const all: Record<string, number> = { killed: instances.killed };
      for (const { done } of clients) for (const [what, n] of Object.entries(done)) all[what] = (all[what] ?? 0) + n;
      return all;
    };
    const nemesis = setInterval(() => {
      instances.kill();
      soaking.report({ threads: threads.length, byKind: seen() }, false);
    }, KILL_MS);
    const acting = Promise.all(
      clients.map(async (client) => {
        while (goesOn()) await client.act();
      }),
    );
    try {
      while (goesOn()) await Promise.race([acting, new Promise((resolve) => setTimeout(resolve, 500))]);
    } finally {
      clearInterval(nemesis);
    }
    // Who still listens is told the end of its run, by whoever takes that up.
    const isTold = await Promise.race([
      acting.then(() => true),
      new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, false)),
    ]);
    const untold = clients.flatMap(({ hears }) => (hears === undefined ? [] : [hears]));
    expect([isTold, untold]).toEqual([true, []]);
    const tally = await judge(
      instances,
      threads,
      clients.flatMap(({ started }) => started),
    );
    soaking.report({ threads: threads.length, byKind: { ...seen(), ...tally } }, true);
    expect(ledger.wrong).toEqual([]);
    expect(tally.success).toBeGreaterThan(0);
    expect(seen()).toMatchObject({ killed: expect.any(Number), "joined again": expect.any(Number) });
  },
  soakTimeoutMs(240_000),
);
