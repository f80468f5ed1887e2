import { AwsRequestError } from "../errors.js";
import type { Backend } from "../payload/backend.js";
import { installRules } from "./lifecycle-rule.js";
import { setupTable, setupTimeToLive } from "./table.js";

/** What `setup()` found or made. */
export interface SetupResult {
  /** The table, and whether it was made now. */
  table: { name: string; status: "created" | "existed" };
  /**
   * With `ttlSeconds`, and of a store or a cache: DynamoDB's sweeping of expired items. `"unsupported"`: this server
   * has none.
   */
  timeToLive?: "enabled" | "existed" | "unsupported";
  /**
   * With `s3`, and `ttlSeconds` or of a store or a cache: the bucket's rule that deletes expired objects, the one for
   * the shortest life where the option has none. `"installed"`: it was missing, or one for calls with a ttl of their
   * own. `"unsupported"`: this server has none, and the option no ttl.
   */
  lifecycleRule?: { id: string; status: "installed" | "existed" | "unsupported" };
}

/**
 * Creates what is missing.
 *
 * @param isOfEntries whether something expires without `ttlSeconds`, too: marks of deletions, and what is put with a
 *   ttl of its own
 */
export async function setup(
  { db, offload }: Backend,
  ttlSeconds: number | undefined,
  signal: AbortSignal | undefined,
  isOfEntries = false,
): Promise<SetupResult> {
  const created = await setupTable(db, signal);
  const result: SetupResult = { table: { name: db.tableName, status: created ? "created" : "existed" } };
  if (ttlSeconds !== undefined || isOfEntries) result.timeToLive = await setupTimeToLive(db);
  if (!offload || (ttlSeconds === undefined && !isOfEntries)) return result;
  try {
    const { id, installed } = await installRules(offload, ttlSeconds ?? SHORTEST_TTL);
    result.lifecycleRule = { id, status: installed ? "installed" : "existed" };
  } catch (error) {
    const isUnknown = error instanceof AwsRequestError && UNKNOWN.includes(error.status);
    if (ttlSeconds !== undefined || !isUnknown) throw error;
    // Who lets nothing expire needs no rules.
    result.lifecycleRule = { id: "", status: "unsupported" };
  }
  return result;
}

/** In seconds. */
const SHORTEST_TTL = 1;
/** Statuses of a server that knows no lifecycle rules. */
const UNKNOWN = [405, 501];
