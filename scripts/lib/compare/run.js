// One peer, in a process of its own, that reports to its parent as it goes: `node run.js '{"place": …}'`.
import { once } from "node:events";
import { buildAgent, converse } from "../../../bench/agent.js";
import { median } from "../../../bench/meter.js";
import { PROBES } from "./probes.js";

/** @typedef {import("./probes.js").Place & { stored?: () => Promise<number>, close?: () => Promise<unknown>,
 *   server?: () => Promise<string>, units?: () => { readUnits: number, writeUnits: number } }} OpenPlace */

const WARM_UP_TURNS = 10;
const PROBE_TIMEOUT_MS = 60_000;

const { place: name, url, folder, turns, delayMs } = JSON.parse(process.argv[2] ?? "{}");
const { open } = await import(`./places/${name}.js`);
/** @type {OpenPlace} */
const place = await open({ url, folder });

if (place.server) await tell("server", await place.server());
if (turns > 0) {
  await figures().then(
    (counted) => tell("figures", counted),
    ({ message }) => tell("failed", String(message)),
  );
} else {
  for (const [index, [probe, holds]] of Object.entries(PROBES).entries()) {
    const failed = (/** @type {Error} */ { message }) => message;
    await tell("probe", [probe, await Promise.race([holds(place, `probe-${index}-`), tooLong()]).catch(failed)]);
  }
}
await place.close?.();
process.exit(0);

/** Of one conversation, after another one that warms up what is compiled as it runs, here and in the server. */
async function figures() {
  const agent = buildAgent(await place.saver());
  await converse(agent, "warm-up", WARM_UP_TURNS);

  const storedBefore = (await place.stored?.()) ?? 0;
  /** @type {Record<string, number>} */
  let before = {};
  const afterTurn = async (/** @type {number} */ turn) => {
    // The first turn stores the document: it is not among those that are counted.
    if (turn === 0) before = await counters();
  };
  const [, ...durationsMs] = await converse(agent, crypto.randomUUID(), turns, { afterTurn });
  const after = await counters();
  const stored = place.stored && (await place.stored()) - storedBefore;

  let delayedMs;
  if (url) {
    await ask("delay", delayMs);
    delayedMs = median((await converse(agent, "delayed", turns)).slice(1));
    await ask("delay", 0);
  }
  const perTurn = Object.entries(after).map(([key, value]) => [key, (value - (before[key] ?? 0)) / (turns - 1)]);
  return { ...Object.fromEntries(perTurn), stored, ms: median(durationsMs), delayedMs };
}

/** All that has been counted so far. @returns {Promise<Record<string, number>>} */
async function counters() {
  const { user, system } = process.cpuUsage();
  return { ...(url && (await ask("counts"))), ...place.units?.(), cpuMs: (user + system) / 1_000 };
}

/**
 * Has the parent do something with the proxy.
 * @param {"counts" | "delay"} what @param {number} [argument]
 * @returns {Promise<any>}
 */
async function ask(what, argument) {
  const answer = once(process, "message");
  process.send?.({ ask: what, argument });
  return (await answer)[0];
}

/** @param {"server" | "figures" | "failed" | "probe"} what @param {unknown} value */
function tell(what, value) {
  return new Promise((resolve) => process.send?.({ tell: what, value }, resolve));
}

/** @returns {Promise<never>} */
function tooLong() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no end within ${PROBE_TIMEOUT_MS / 1_000} s`)), PROBE_TIMEOUT_MS).unref();
  });
}
