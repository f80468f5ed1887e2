import { describeTable, describeTimeToLive } from "../../aws/dynamodb/table.js";
import { AwsRequestError } from "../../errors.js";
import { TTL_ATTRIBUTE } from "../../payload/lifetime.js";
import { keysProblem } from "../../table/table.js";
import { PROGRAM } from "../help.js";
import { isDenied, skipped, ok, reported, warning, wrong, type Check, type Finding } from "./finding.js";
import type { Subject } from "./subject.js";

const SETUP_ONLY = "Only setup needs that action; the checks that follow show what the application may do.";

/** Whether there is a table, of the right shape, that can be used. */
export async function* checkTable({ storage: { db }, config }: Subject): Check {
  const name = JSON.stringify(config.tableName);
  try {
    const state = await describeTable(db);
    if (!state) {
      yield wrong(
        "table",
        `There is no table ${name} in ${config.region}.`,
        `Check --table, --region and whose the credentials are, or create it: ${PROGRAM} setup --table ` +
          `${config.tableName}`,
      );
      return false;
    }
    const problem = keysProblem(config.tableName, state);
    if (problem !== undefined) {
      yield wrong(
        "table",
        problem.split(". ", 1)[0]! + ".",
        "A table's keys cannot be changed. Name another with --table, and setup creates it.",
      );
      return false;
    }
    const finding = `Table ${name} has the keys PK and SK and is ${state.status}.`;
    if (state.status === "ACTIVE" || state.status === "UPDATING") {
      yield ok("table", finding);
      return true;
    }
    yield wrong(
      "table",
      finding,
      state.status === "CREATING"
        ? "Wait a moment and ask again."
        : "Look at the table in the AWS console: it cannot be used like that.",
    );
    return false;
  } catch (error) {
    const problem = reported(error);
    if (isDenied(problem)) {
      yield skipped("table", `These credentials may not do dynamodb:DescribeTable. ${SETUP_ONLY}`);
      return true;
    }
    // Without a permission to name, it is about who asks and not about the table.
    if (problem.code === "ACCESS_DENIED")
      yield wrong("credentials", problem.message, "Check the credentials, --region, and the clock above.");
    else yield wrong("table", problem.message, "Check --endpoint and --region.");
    return false;
  }
}

/** Whether DynamoDB sweeps what has expired. */
export async function* checkExpiry({ storage: { db } }: Subject, ttlSeconds: number | undefined): Check {
  try {
    yield expiry(await describeTimeToLive(db), ttlSeconds);
  } catch (error) {
    const problem = reported(error);
    const unsupported = problem instanceof AwsRequestError && problem.serviceCode === "UnknownOperationException";
    if (unsupported) yield skipped("expiry", "This server has no time to live. Readers pass over what has expired.");
    else if (isDenied(problem))
      yield skipped("expiry", `These credentials may not do dynamodb:DescribeTimeToLive. ${SETUP_ONLY}`);
    else yield wrong("expiry", problem.message, "Ask again; if it stays so, look at the table in the AWS console.");
  }
  return true;
}

function expiry(attribute: string | undefined, ttlSeconds: number | undefined): Finding {
  if (attribute === TTL_ATTRIBUTE)
    return ok("expiry", `DynamoDB sweeps what has expired, by the attribute "${TTL_ATTRIBUTE}".`);
  if (attribute !== undefined) {
    return wrong(
      "expiry",
      `The table expires items by the attribute ${JSON.stringify(attribute)}, and the saver writes "${TTL_ATTRIBUTE}".`,
      `Turn it off for ${JSON.stringify(attribute)}, and run ${PROGRAM} setup --ttl 7d with the saver's ttlSeconds.`,
    );
  }
  const finding = "DynamoDB does not sweep what has expired. Readers pass over it, and you pay for its storage.";
  const remedy = `${PROGRAM} setup --ttl 7d, with the saver's ttlSeconds, turns it on.`;
  return ttlSeconds === undefined
    ? warning("expiry", `${finding} Without ttlSeconds nothing expires but what a store has deleted.`, remedy)
    : wrong("expiry", finding, remedy);
}
