import { AwsClient } from "aws4fetch";

/**
 * The size of one thread's items as DynamoDB counts it: names and values, binary without its base64
 * (DynamoDB Developer Guide, "Item sizes and formats").
 * @param {string} endpoint
 * @param {string} tableName
 * @param {string} threadId
 */
export async function storedBytes(endpoint, tableName, threadId) {
  const client = new AwsClient({ accessKeyId: "local", secretAccessKey: "local", region: "us-east-1", service: "dynamodb" });
  let bytes = 0;
  let after;
  do {
    const response = await client.fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.Query" },
      body: JSON.stringify({
        TableName: tableName,
        KeyConditionExpression: "PK = :pk",
        ExpressionAttributeValues: { ":pk": { S: `T#${threadId}` } },
        ...(after && { ExclusiveStartKey: after }),
      }),
    });
    /** @type {{ Items: Record<string, { S?: string, N?: string, B?: string }>[], LastEvaluatedKey?: object }} */
    const page = JSON.parse(await response.text());
    for (const item of page.Items) {
      for (const [name, { S, N, B }] of Object.entries(item)) {
        bytes += name.length + (B === undefined ? Buffer.byteLength(S ?? N ?? "") : Buffer.from(B, "base64").length);
      }
    }
    after = page.LastEvaluatedKey;
  } while (after);
  return bytes;
}
