import { inject, test } from "vitest";

/* Tests of what only the real servers have. With an embedded one they are skipped, and the run says so. */

const embedded = inject("embedded");

/** `test`, for what needs DynamoDB Local: dynalite knows nothing of time to live, for example. */
export const onDynamoDBLocal = embedded.includes("dynamodb") ? test.skip : test;

/** `test`, for what needs Ceph's S3: s3rver has no tags and no lifecycle rules, for example. */
export const onCeph = embedded.includes("s3") ? test.skip : test;
