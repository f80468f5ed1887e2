import { createTable, describeTable, describeTimeToLive, enableTimeToLive } from "../aws/dynamodb/table.js";
import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { TableState } from "../aws/dynamodb/items.js";
import { sleep } from "../aws/client/sleep.js";
import { AwsRequestError, DynamoDBSaverError, invalidConfig } from "../errors.js";
import { TTL_ATTRIBUTE } from "../payload/lifetime.js";

const POLL_MS = 250;
/** AWS takes seconds for an empty table; this is for its bad days. */
const MAX_WAIT_MS = 5 * 60_000;

/** Creates the table if there is none, and waits until it can be used. True when it was created. */
export async function setupTable(db: DynamoDB, signal: AbortSignal | undefined): Promise<boolean> {
  let state = await describeTable(db);
  const created = !state && (await createTable(db));
  const deadline = Date.now() + MAX_WAIT_MS;
  for (
    let wait = POLL_MS;
    state?.status !== "ACTIVE" && state?.status !== "UPDATING";
    wait = Math.min(5_000, wait * 1.5)
  ) {
    if (Date.now() > deadline) {
      throw new DynamoDBSaverError(
        "TIMEOUT",
        `Table ${JSON.stringify(db.tableName)} is still ${state?.status ?? "not there"} after 5 minutes. Look at ` +
          "it in the AWS console.",
      );
    }
    if (state) await sleep(wait, signal);
    state = await describeTable(db);
    if (!state) await sleep(wait, signal); // just created, and not yet known everywhere
  }
  const problem = keysProblem(db.tableName, state);
  if (problem !== undefined) throw invalidConfig(problem);
  return created;
}

/** Lets DynamoDB sweep what has expired. Embedded servers may lack that; readers pass over expired items anyway. */
export async function setupTimeToLive(db: DynamoDB): Promise<"enabled" | "existed" | "unsupported"> {
  try {
    const attribute = await describeTimeToLive(db);
    if (attribute === TTL_ATTRIBUTE) return "existed";
    if (attribute !== undefined) {
      throw invalidConfig(
        `Table ${JSON.stringify(db.tableName)} expires items by its attribute ${JSON.stringify(attribute)}, but ` +
          `needs "${TTL_ATTRIBUTE}". Change it, or use another tableName.`,
      );
    }
    const enabled = await enableTimeToLive(db, TTL_ATTRIBUTE).catch(async (error: unknown) => {
      // Refused as not valid when another caller was first.
      if ((await describeTimeToLive(db)) === TTL_ATTRIBUTE) return false;
      throw error;
    });
    return enabled ? "enabled" : "existed";
  } catch (error) {
    if (error instanceof AwsRequestError && error.serviceCode === "UnknownOperationException") return "unsupported";
    throw error;
  }
}

/** Says what is wrong with a table's keys, or `undefined` when they are the right ones. */
export function keysProblem(tableName: string, { keys }: TableState): string | undefined {
  const has = (role: string, name: string): boolean =>
    keys.some((k) => k.role === role && k.name === name && k.type === "S");
  if (keys.length === 2 && has("HASH", "PK") && has("RANGE", "SK")) return undefined;
  const found = keys.map((k) => `${k.name} (${k.role}, ${k.type})`).join(", ");
  return (
    `Table ${JSON.stringify(tableName)} has the keys ${found}, but needs PK (HASH, S) and SK (RANGE, S). Use ` +
    "another tableName, and setup() creates it."
  );
}
