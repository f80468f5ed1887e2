import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { intercepted } from "./aws-requests.js";
import { createSaver, type SaverOptions } from "./harness.js";

/** Where a process is killed: with its request number `at`, before or after the service acted on it. */
export interface Cut {
  at: number;
  acted: boolean;
}

/** So many are tried side by side. */
const AT_ONCE = 8;

/**
 * Runs `action` with a saver that is cut off at one request after the other, each time in a world of its own.
 * Ends when the action has no more requests to be cut off at. Returns how many there were.
 */
export async function cutEverywhere(options: () => Partial<SaverOptions>, action: (saver: DynamoDBSaver, options: Partial<SaverOptions>) => Cutting): Promise<number> {
  for (let first = 1; ; first += AT_ONCE) {
    const places = Array.from({ length: AT_ONCE }, (_, i) => first + i);
    const survived = await Promise.all(places.map(async (at) => (await cutAt({ at, acted: false }, options(), action)) && (await cutAt({ at, acted: true }, options(), action))));
    const end = survived.indexOf(true);
    if (end >= 0) return first + end - 1;
  }
}

/** Whether the action came to its end before the cut. */
async function cutAt({ at, acted }: Cut, world: Partial<SaverOptions>, action: Parameters<typeof cutEverywhere>[1]): Promise<boolean> {
  let armed = false;
  let count = 0;
  const { fetch } = intercepted(({ forward }) => {
    if (!armed || ++count < at) return undefined;
    const dead = (): never => {
      throw new TypeError("killed by the test");
    };
    return acted && count === at ? forward().then(dead) : dead();
  });
  const { prepare, run, check } = action(createSaver({ ...world, fetch, maxAttempts: 1 }), world);
  await prepare?.();
  armed = true;
  const survived = await run().then(
    () => true,
    () => false,
  );
  if (count >= at && survived) throw new Error(`The saver was cut off at request ${at}, and nobody noticed.`);
  await check();
  return survived;
}

export interface Cutting {
  /** Before anything is cut. */
  prepare?: () => Promise<unknown>;
  run: () => Promise<unknown>;
  /** What must hold afterwards. */
  check: () => Promise<void>;
}
