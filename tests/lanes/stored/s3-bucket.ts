import { inject, onTestFinished } from "vitest";
import { callS3, createBucket } from "./s3-client.js";

/**
 * A bucket for one test. Its lifecycle rules go when the test ends: S3 looks at one bucket with rules after the other,
 * and a test that waits for it would wait for those of all others.
 */
export async function newBucket(name: string): Promise<string> {
  const s3 = inject("s3");
  onTestFinished(async () => void (await callS3(s3, "DELETE", `${name}?lifecycle`)));
  return createBucket(s3, name);
}
