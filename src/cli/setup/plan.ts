import { describeTable, describeTimeToLive } from "../../aws/dynamodb/table.js";
import { getLifecycleRules } from "../../aws/s3/lifecycle.js";
import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { S3 } from "../../aws/s3/s3.js";
import { elementText } from "../../aws/s3/xml.js";
import { TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { expiryRule, missingDays } from "../../table/lifecycle-rule.js";
import { keysProblem } from "../../table/table.js";
import { AwsRequestError, invalidConfig } from "../../errors.js";
import type { SaverConfig } from "../../config/config.js";

/** What `setup` would find, and what it would make. */
export interface Plan {
  table: { name: string; status: "existed" | "missing" };
  /** With a ttl. */
  timeToLive?: "existed" | "missing" | "unsupported";
  /** With a ttl and a bucket. */
  lifecycleRule?: { id?: string; status: "existed" | "missing" };
}

/**
 * Looks at what `saver.setup()` looks at, and makes nothing.
 * @throws DynamoDBSaverError `INVALID_CONFIG` for a table that setup would refuse
 */
export async function planSetup(
  db: DynamoDB,
  s3: S3 | undefined,
  { s3: place }: Pick<SaverConfig, "s3">,
  ttlSeconds: number | undefined,
): Promise<Plan> {
  const state = await describeTable(db);
  const problem = state && keysProblem(db.tableName, state);
  if (problem !== undefined) throw invalidConfig(problem);
  const plan: Plan = { table: { name: db.tableName, status: state ? "existed" : "missing" } };
  if (ttlSeconds === undefined) return plan;
  plan.timeToLive = state ? await timeToLive(db) : "missing";
  if (!s3 || !place) return plan;
  const rules = await getLifecycleRules(s3, place.bucket);
  const rule = expiryRule(rules, place.prefix, ttlSeconds);
  plan.lifecycleRule =
    rule === undefined || missingDays(rules, place.prefix, ttlSeconds).length > 0
      ? { status: "missing" }
      : { id: elementText(rule, "ID") ?? "", status: "existed" };
  return plan;
}

async function timeToLive(db: DynamoDB): Promise<NonNullable<Plan["timeToLive"]>> {
  try {
    const attribute = await describeTimeToLive(db);
    if (attribute === undefined) return "missing";
    if (attribute === TTL_ATTRIBUTE) return "existed";
    throw invalidConfig(
      `Table ${JSON.stringify(db.tableName)} expires items by its attribute ${JSON.stringify(attribute)}, but ` +
        `needs "${TTL_ATTRIBUTE}". Change it, or use another table.`,
    );
  } catch (error) {
    if (error instanceof AwsRequestError && error.serviceCode === "UnknownOperationException") return "unsupported";
    throw error;
  }
}
