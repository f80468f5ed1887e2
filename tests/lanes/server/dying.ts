import type { Mortal } from "./mortal.js";
import { serve, type Served } from "./served.js";

/* Threads with runs whose isolates die. */

export const limits = { leaseSeconds: 1 };

export async function threadOf(options: Parameters<typeof serve>[0] = {}) {
  const served = serve({ limits, ...options });
  await served.json("POST", "/threads", { thread_id: "t" });
  return served;
}

/** The isolate dies in the second node, when what the first has done is stored. */
export async function dieInSecond({ effects, json }: Served, one: Mortal): Promise<void> {
  await effects.gate.arrival();
  while ((await json<{ next: string[] }>("GET", "/threads/t/state")).next[0] !== "second")
    await new Promise((resolve) => setTimeout(resolve, 20));
  one.die();
  effects.gate.abandon();
}

/** Until a gate is free of a run whose isolate has died, and another one has come to it. */
export async function openWhenBack(gate: { visits: number; open(): void }, visits: number): Promise<void> {
  while (gate.visits < visits) await new Promise((resolve) => setTimeout(resolve, 20));
  gate.open();
}
