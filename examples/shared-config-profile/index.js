// Credentials of a profile in ~/.aws/config, with roles, SSO and all that the AWS SDK knows of: its providers fit as
// they are.
//
//   npm run example -- shared-config-profile                       with the profile "work" of the files beside this one
//   AWS_PROFILE=work node examples/shared-config-profile/index.js  and with your own, with AWS_REGION and
//   DYNAMODB_TABLE_NAME
import { fromIni } from "@aws-sdk/credential-providers";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";

const checkpointer = DynamoDBSaver.fromEnv(process.env, { credentials: fromIni() });
await checkpointer.setup();

const threads = [];
for await (const { threadId, createdAt } of checkpointer.listThreads({ limit: 10 }))
  threads.push(`${createdAt}  ${threadId}`);
console.log(threads.length > 0 ? threads.join("\n") : "The profile may read the table. It has no threads yet.");
