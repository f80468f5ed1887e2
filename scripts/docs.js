// `npm run docs`: writes the reference pages from the types in src/ and their comments, and the page of the command
// line from a real run.
import { mkdirSync, writeFileSync } from "node:fs";
import { startCephRgw } from "./lib/servers/ceph-rgw.js";
import { commandLinePage } from "./lib/docs/command-line-page.js";
import { startDynamoDBLocal } from "./lib/servers/dynamodb-local.js";
import { referencePages } from "./lib/docs/reference.js";

for (const { url, name, text, undocumented } of referencePages()) {
  if (undocumented.length > 0) {
    console.error(`${name}: these have no description in src/: ${undocumented.join(", ")}`);
    process.exitCode = 1;
  }
  mkdirSync(new URL(".", url), { recursive: true });
  writeFileSync(url, text);
  console.log(`wrote ${name}`);
}

const [dynamodb, s3] = await Promise.all([startDynamoDBLocal(), startCephRgw()]);
try {
  const { url, name, text } = await commandLinePage({ endpoint: dynamodb.endpoint, s3 });
  writeFileSync(url, text);
  console.log(`wrote ${name}`);
} finally {
  await Promise.all([dynamodb.stop(), s3.stop()]);
}
