import { AwsClient } from "aws4fetch";
import { endpoint, TABLE_NAME } from "./harness.js";
import type { RawItem } from "./raw-table.js";

const aws = new AwsClient({ accessKeyId: "local", secretAccessKey: "local", region: "us-east-1", service: "dynamodb", retries: 0 });

/** Every item of a thread, however many megabytes there are. */
export async function allItemsOf(keyPrefix: string, threadId: string): Promise<RawItem[]> {
  const items: RawItem[] = [];
  let after: RawItem | undefined;
  do {
    const response = await aws.fetch(endpoint(), {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.Query" },
      body: JSON.stringify({
        TableName: TABLE_NAME,
        KeyConditionExpression: "PK = :pk",
        ExpressionAttributeValues: { ":pk": { S: `${keyPrefix}T#${threadId}` } },
        ConsistentRead: true,
        ...(after && { ExclusiveStartKey: after }),
      }),
    });
    const page = JSON.parse(new TextDecoder().decode(await response.arrayBuffer())) as { Items: RawItem[]; LastEvaluatedKey?: RawItem };
    items.push(...page.Items);
    after = page.LastEvaluatedKey;
  } while (after);
  return items;
}
