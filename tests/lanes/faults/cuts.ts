import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect } from "vitest";
import { moment } from "./clock.js";
import { Gate } from "./gate.js";
import { createSaver, type SaverOptions } from "../savers/harness.js";

/*
 * Every point at which a process can die in the middle of a call.
 *
 * Requests that a call sends side by side reach the service in any order, so "at request k" would be a matter of luck.
 * A place is therefore a set of requests that were answered, with nothing else having reached the service. From the
 * empty set on, the requests that are then under way say which sets come next, until the call comes to its end: with
 * all requests one after the other these are the places "after request k", with n side by side all 2^n combinations.
 * "Cut before" and "cut after the service acted" are two of these places.
 *
 * At each place it goes on in four ways (`aftermaths`). Nothing here is random: the message of a failure names the
 * place.
 */

type Aftermath = (typeof aftermaths)[number];
const aftermaths = [
  "another instance goes on",
  "another instance goes on, and then what was under way arrives",
  "the call fails, and its instance goes on",
  "the call fails although what was under way arrived, and its instance goes on",
] as const;

/** A call that is cut, of a saver or of something else. Each place has a new one, in a world of its own. */
export interface Cutting<S = DynamoDBSaver> {
  /** Before anything is cut. */
  prepare?: (saver: S) => Promise<unknown>;
  /** Whether an instance is cut that has not prepared anything, and has nothing cached. */
  cold?: boolean;
  /** The call. */
  run: (saver: S) => Promise<unknown>;
  /** How it goes on after the cut. Default: the call is made again. */
  goOn?: (saver: S) => Promise<unknown>;
  /** What must hold while the requests that are under way hang. */
  look: (acknowledged: boolean) => Promise<void>;
  /** What must hold in the end. `late`: what was under way at the cut has arrived after everything else. */
  check: (late: boolean) => Promise<void>;
  /** Whether the call succeeds although its requests fail. */
  forgives?: boolean;
}

/** So many are tried side by side. */
const AT_ONCE = 8;

/**
 * Cuts the call that `cutting` makes at every place, if that takes no more than `maxCuts`; else at so many of them,
 * evenly from its first request to its last one, and in the four ways to go on. Fails when there are fewer than
 * `minPlaces` with something under way (or than so many cuts allow): a test that cuts nothing must not pass.
 */
export async function cutEverywhere<S = DynamoDBSaver>(
  newWorld: () => Partial<SaverOptions>,
  cutting: (world: Partial<SaverOptions>) => Cutting<S>,
  {
    maxCuts,
    minPlaces,
    create = createSaver as unknown as Create<S>,
  }: { maxCuts: number; minPlaces: number; create?: Create<S> },
): Promise<void> {
  const places: Place[] = [];
  const ends: Place[] = [];
  let cuts = 0;
  const cutSideBySide = async (next: Place[]): Promise<string[][]> => {
    cuts += next.length;
    return Promise.all(next.map((place) => cut(create, newWorld(), cutting, place)));
  };

  // Those that are killed tell what was under way. One that failed may have sent more because of that.
  const mostPlaces = Math.ceil(maxCuts / 2);
  const chain = await record(create, newWorld(), cutting);
  const open = evenly(mostPlaces, [[], ...chain.map((_, i) => chain.slice(0, i + 1).sort())]);
  const seen = new Set(open.map((done) => done.join()));
  while (open.length > 0 && cuts < mostPlaces) {
    const next = open
      .splice(0, Math.min(AT_ONCE, mostPlaces - cuts))
      .map((done, i): Place => ({ done, aftermath: aftermaths[(cuts + i) % 2]! }));
    for (const [i, underWay] of (await cutSideBySide(next)).entries()) {
      const place = next[i]!;
      (underWay.length > 0 ? places : ends).push(place);
      for (const deeper of underWay.map((name) => [...place.done, name].sort())) {
        if (!seen.has(deeper.join())) open.push(deeper);
        seen.add(deeper.join());
      }
    }
  }

  const rest = places.flatMap(({ done, aftermath }) =>
    aftermaths.filter((other) => other !== aftermath).map((other): Place => ({ done, aftermath: other })),
  );
  // One that was acknowledged is made again by its own instance, too.
  rest.push(...ends.map(({ done }): Place => ({ done, aftermath: aftermaths[2] })));
  const chosen = evenly(maxCuts - cuts, rest);
  while (chosen.length > 0) await cutSideBySide(chosen.splice(0, AT_ONCE));
  expect(places.length, "places that the call was cut at").toBeGreaterThanOrEqual(Math.min(minPlaces, mostPlaces - 1));
}

type Create<S> = (world: Partial<SaverOptions>) => S;

/** At most so many of all, from the first one to the last. */
function evenly<T>(most: number, all: T[]): T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / Math.max(1, most - 1))]!);
}

interface Place {
  /** The requests that were answered. */
  done: string[];
  aftermath: Aftermath;
}

// A request that hangs must not time out meanwhile.
const behind = <S>(create: Create<S>, gate: Gate, world: Partial<SaverOptions>): S =>
  create({ ...world, fetch: gate.fetch, maxAttempts: 1, requestTimeoutMs: 100_000 });

/** Makes the call without a cut. Returns its requests in an order in which they can be answered. */
async function record<S>(
  create: Create<S>,
  world: Partial<SaverOptions>,
  cutting: (world: Partial<SaverOptions>) => Cutting<S>,
): Promise<string[]> {
  const { prepare, cold, run, look, goOn = run, check } = cutting(world);
  const gate = new Gate(world);
  const preparing = behind(create, gate, world);
  await prepare?.(preparing);
  gate.record();
  await run(cold ? behind(create, gate, world) : preparing);
  await look(true);
  await goOn(create(world));
  await check(false);
  return gate.recorded;
}

/** Cuts one call where exactly `done` has been answered. Returns what was under way then. */
async function cut<S>(
  create: Create<S>,
  world: Partial<SaverOptions>,
  cutting: (world: Partial<SaverOptions>) => Cutting<S>,
  { done, aftermath }: Place,
): Promise<string[]> {
  const { prepare, cold, run, goOn = run, look, check, forgives } = cutting(world);
  const gate = new Gate(world);
  const preparing = behind(create, gate, world);
  await prepare?.(preparing);
  const saver = cold ? behind(create, gate, world) : preparing;
  try {
    let end: "succeeded" | "failed" | undefined;
    gate.hold(done);
    const call = run(saver).then(
      () => (end = "succeeded"),
      () => (end = "failed"),
    );
    void call.then(() => gate.changed());
    await gate.until(() => gate.delivered || end !== undefined);
    if (end === "failed") throw new Error("The call failed although no request had.");
    await moment();
    await look(end === "succeeded");

    const isKilled = aftermath.startsWith("another");
    if (isKilled) await goOn(create(world));
    await gate.until(() => gate.held.length > 0 || end !== undefined);
    const acknowledged = end !== undefined;
    const underWay = gate.held;
    if (acknowledged && underWay.length > 0) throw new Error("The call ended while its requests were under way.");
    await gate.release(aftermath.includes("arrive") ? "arrive" : "fail");
    await call;
    if (!acknowledged && end === "succeeded" && !forgives)
      throw new Error("The call succeeded although its requests had failed.");
    if (!isKilled) {
      gate.open();
      await goOn(saver);
    }
    await check(aftermath === aftermaths[1] && underWay.length > 0);
    return underWay;
  } catch (error) {
    const place =
      `\n  cut where ${done.length === 0 ? "nothing" : done.join(", ")} had been answered and ` +
      `${gate.heldOnce.join(", ") || "nothing"} was under way; ${aftermath}`;
    if (error instanceof Error) error.message += place;
    throw error;
  }
}
