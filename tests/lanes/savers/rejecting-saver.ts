import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { emptyThread, putChain, type Step } from "./checkpoints.js";
import { createSaver, type SaverOptions } from "./harness.js";
import { newPrefix } from "../stored/requests.js";

/** It keeps no branches: of two writers, one gets a conflict. */
export const rejecting = (overrides: Partial<SaverOptions> & { keyPrefix: string }): DynamoDBSaver =>
  createSaver({ conflict: "reject", ...overrides });

/** A thread with two steps, and what its writers share. */
export async function thread(
  options: Partial<SaverOptions> = {},
): Promise<{ world: Partial<SaverOptions> & { keyPrefix: string }; one: Step; two: Step }> {
  const world = { ...options, keyPrefix: newPrefix() };
  const [one, two] = await putChain(rejecting(world), emptyThread("t"), [{ n: 1 }, { n: 2 }]);
  return { world, one: one!, two: two! };
}
