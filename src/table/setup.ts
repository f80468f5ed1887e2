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
   * With `ttlSeconds` and `s3`: the bucket's rule that deletes expired objects. `"installed"`: it was missing, or one
   * for calls with a ttl of their own.
   */
  lifecycleRule?: { id: string; status: "installed" | "existed" };
}

/**
 * Creates what is missing.
 *
 * @param leavesMarks whether something expires without `ttlSeconds`, too: the marks of deletions
 */
export async function setup(
  { db, offload }: Backend,
  ttlSeconds: number | undefined,
  signal: AbortSignal | undefined,
  leavesMarks = false,
): Promise<SetupResult> {
  const created = await setupTable(db, signal);
  const result: SetupResult = { table: { name: db.tableName, status: created ? "created" : "existed" } };
  if (ttlSeconds !== undefined || leavesMarks) result.timeToLive = await setupTimeToLive(db);
  if (ttlSeconds === undefined || !offload) return result;
  const { id, installed } = await installRules(offload, ttlSeconds);
  result.lifecycleRule = { id, status: installed ? "installed" : "existed" };
  return result;
}
