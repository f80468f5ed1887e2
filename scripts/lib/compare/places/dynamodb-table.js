import { AwsClient } from "aws4fetch";
import { itemBytes } from "../../raw-storage.js";

/** Any pair does for DynamoDB Local. */
export const credentials = { accessKeyId: "local", secretAccessKey: "local" };
export const region = "us-east-1";

const client = new AwsClient({ ...credentials, region, service: "dynamodb", retries: 0 });

/**
 * A request to DynamoDB past every saver.
 * @param {string} endpoint @param {string} operation @param {object} body
 * @returns {Promise<any>}
 */
export async function dynamodb(endpoint, operation, body) {
  const response = await client.fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}` },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`DynamoDB answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/**
 * What is in tables, whoever has put it there.
 * @param {string} endpoint @param {string[]} tables
 */
export function itemsOf(endpoint, tables) {
  const all = async () => {
    /** @type {import("../../raw-storage.js").RawItem[]} */
    const items = [];
    for (const TableName of tables) {
      for (let ExclusiveStartKey, isFirst = true; isFirst || ExclusiveStartKey; isFirst = false) {
        const page = await dynamodb(endpoint, "Scan", { TableName, ConsistentRead: true, ExclusiveStartKey });
        items.push(...page.Items);
        ExclusiveStartKey = page.LastEvaluatedKey;
      }
    }
    return items;
  };
  return {
    /** Those that have the whole id somewhere in a key or another text. @param {string} threadId */
    left: async (threadId) => {
      const name = new RegExp(`${threadId}(?!\\w)`);
      const isOf = (/** @type {{ S?: string }} */ { S }) => S !== undefined && name.test(S);
      return (await all()).filter((item) => Object.values(item).some(isOf)).length;
    },
    stored: async () => (await all()).reduce((sum, item) => sum + itemBytes(item), 0),
  };
}
