import { DynamoDBSaver, type AwsCredentials, type SetupResult } from "langgraph-checkpoint-dynamodb";
import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";

/* The declarations of the CommonJS build are files of their own. */

export async function setup(tableName: string, credentials: AwsCredentials): Promise<SetupResult["table"]["status"]> {
  return (await new DynamoDBSaver({ tableName, region: "us-east-1", credentials }).setup()).table.status;
}

export const readerOf = (env: object): DynamoDBReader => DynamoDBReader.fromEnv(env);
