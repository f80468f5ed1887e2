import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { Key } from "../../aws/dynamodb/items.js";
import { key } from "../../format/keys.js";
import { denied, isDenied, ok, reported, wrong, type Check } from "./finding.js";
import type { Subject } from "./subject.js";

/**
 * Never true for the item that is asked for, and DynamoDB looks at it after IAM: what may be done shows, and nothing
 * is.
 */
const IF_THERE = { condition: "attribute_exists(PK)" };

const PROBES: [action: string, what: string, probe: (db: DynamoDB, item: Key) => Promise<unknown>][] = [
  ["dynamodb:Query", "read threads", (db, { PK }) => db.query({ partition: PK.S, limit: 1 })],
  ["dynamodb:GetItem", "read an item", (db, item) => db.getItem(item, true)],
  ["dynamodb:BatchGetItem", "read several items at once", (db, item) => db.batchGet([item], true)],
  ["dynamodb:PutItem", "store a checkpoint", (db, item) => db.putItem({ ...item }, IF_THERE)],
  [
    "dynamodb:UpdateItem",
    "store pending writes",
    (db, item) =>
      db.updateItem({ key: item, update: "SET probe = :none", values: { ":none": { S: "" } }, ...IF_THERE }),
  ],
  ["dynamodb:BatchWriteItem", "store and delete several items at once", (db, item) => db.batchDelete([item])],
  ["dynamodb:DeleteItem", "delete an item", (db, item) => db.deleteItem(item, IF_THERE)],
];

/** Tries each action that the saver needs, on an item that is not there, under the key prefix. Writes nothing. */
export async function* checkPermissions({ storage: { db, keyPrefix }, config }: Subject): Check {
  const item = key(`${keyPrefix}DOCTOR#${crypto.randomUUID()}`, "probe");
  let allowed = true;
  for (const [action, what, probe] of PROBES) {
    try {
      await probe(db, item);
      yield ok(action, `Allowed: ${what}.`);
    } catch (error) {
      const problem = reported(error);
      allowed = false;
      const under = keyPrefix === "" ? "" : ` under the key prefix ${JSON.stringify(keyPrefix)}`;
      if (isDenied(problem))
        yield denied(action, `${what}: ${action} on table ${JSON.stringify(config.tableName)}${under}`);
      else yield wrong(action, problem.message, "Ask again; if it stays so, look at the table in the AWS console.");
      // The others would say the same.
      if (problem.code === "TABLE_NOT_FOUND" || problem.code === "NETWORK" || problem.code === "TIMEOUT") return false;
    }
  }
  return allowed;
}
