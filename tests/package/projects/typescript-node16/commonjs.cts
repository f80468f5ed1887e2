import { DynamoDBSaver, type AwsCredentials, type SetupResult } from "langgraph-checkpoint-dynamodb";

/** The types of the CommonJS build are others than those of the ESM build. */
export async function setup(tableName: string, credentials: AwsCredentials): Promise<SetupResult["table"]["status"]> {
  return (await new DynamoDBSaver({ tableName, region: "us-east-1", credentials }).setup()).table.status;
}
