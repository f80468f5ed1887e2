import { inject } from "vitest";
import { endpoint } from "../savers/harness.js";
import { callS3 } from "./s3-client.js";
import { aws } from "./dynamodb-signer.js";

/** What `setup()` makes, as the services themselves see it. */
export interface RawSetup {
  table: boolean;
  timeToLive: boolean;
  /** Lifecycle rules of the bucket. */
  rules: number;
}

async function callTable(
  operation: string,
  TableName: string,
): Promise<Record<string, Record<string, unknown>> | undefined> {
  const response = await aws.fetch(endpoint(), {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}` },
    body: JSON.stringify({ TableName }),
  });
  const answer = JSON.parse(new TextDecoder().decode(await response.arrayBuffer()));
  if (response.ok) return answer;
  if (String(answer.__type).endsWith("ResourceNotFoundException")) return undefined;
  throw new Error(`${operation}: ${JSON.stringify(answer)}`);
}

export async function rawSetup(tableName: string, bucket: string | undefined): Promise<RawSetup> {
  const table = await callTable("DescribeTable", tableName);
  const ttl = table && (await callTable("DescribeTimeToLive", tableName));
  const rules = bucket === undefined ? "" : await (await callS3(inject("s3"), "GET", `${bucket}?lifecycle`)).text();
  return {
    table: table?.Table?.TableStatus === "ACTIVE",
    timeToLive: String(ttl?.TimeToLiveDescription?.TimeToLiveStatus).startsWith("ENABL"),
    rules: rules.match(/<Rule>/g)?.length ?? 0,
  };
}

export async function deleteTable(tableName: string): Promise<void> {
  await callTable("DeleteTable", tableName);
}

/** Leaves nothing of a setup. The bucket must be empty. */
export async function removeSetup(tableName: string, bucket: string | undefined): Promise<void> {
  await deleteTable(tableName);
  if (bucket === undefined) return;
  const response = await callS3(inject("s3"), "DELETE", bucket);
  if (!response.ok) throw new Error(`DeleteBucket: ${response.status} ${await response.text()}`);
}
