// Credentials of a profile in ~/.aws/config, with roles, SSO and all that the AWS SDK knows of: its providers fit as they are.
//
//   AWS_PROFILE=work DYNAMODB_TABLE_NAME=langgraph-checkpoints AWS_REGION=us-east-1 node examples/shared-config-profile
import { fromIni } from "@aws-sdk/credential-providers";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";

const checkpointer = DynamoDBSaver.fromEnv(process.env, { credentials: fromIni() });

console.log("Threads:");
for await (const { threadId, createdAt } of checkpointer.listThreads({ limit: 10 })) console.log(`${createdAt}  ${threadId}`);
