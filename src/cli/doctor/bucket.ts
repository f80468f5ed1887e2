import { deleteFromBucket, putObject } from "../../aws/s3/objects.js";
import type { S3 } from "../../aws/s3/s3.js";
import { TTL_TAG } from "../../payload/offload.js";
import { AwsRequestError, type DynamoDBSaverError } from "../../errors.js";
import { PROGRAM } from "../help.js";
import { denied, isDenied, skipped, ok, reported, warning, wrong, type Check, type Finding } from "./finding.js";
import type { Subject } from "./subject.js";

const BODY = new TextEncoder().encode("stored by langgraph-checkpoint-dynamodb doctor");

/** Whether objects can be stored, read, tagged and deleted under the prefix. */
export async function* checkBucket({ config: { s3: place }, s3, cleaner }: Subject): Check {
  if (!place || !s3) {
    yield skipped("bucket", "No --s3-bucket was given.");
    return false;
  }
  const object = { bucket: place.bucket, key: `${place.prefix}doctor-${crypto.randomUUID()}` };
  const where = `objects under ${place.bucket}/${place.prefix}`;
  // First, while there is nothing to delete: what could not be deleted is not stored.
  const deletion = await attempt(() => deleteFromBucket(s3, object.bucket, [object.key]));
  if (deletion && !isDenied(deletion)) {
    yield unusable(deletion);
    return false;
  }
  yield ok("bucket", `Bucket ${JSON.stringify(place.bucket)} answers.`);
  if (deletion) {
    yield denied("s3:DeleteObject", `delete ${where}`);
    yield skipped("s3:PutObject", "What would be stored could not be deleted.");
    return true;
  }
  yield ok("s3:DeleteObject", `Allowed: delete ${where}.`);
  yield* useObject(s3, cleaner.s3!, object, where);
  return true;
}

async function* useObject(
  s3: S3,
  cleaner: S3,
  object: { bucket: string; key: string },
  where: string,
): AsyncGenerator<Finding, void, undefined> {
  try {
    const storing = await attempt(() => putObject(s3, object, BODY, undefined));
    yield storing ? failed("s3:PutObject", `store ${where}`, storing) : ok("s3:PutObject", `Allowed: store ${where}.`);
    if (storing) return;
    const reading = await attempt(async () => void (await s3.getObject(object, 1_000)));
    yield reading ? failed("s3:GetObject", `read ${where}`, reading) : ok("s3:GetObject", `Allowed: read ${where}.`);
    // S3 asks for the two permissions of one request.
    const tagging = await attempt(() => putObject(s3, object, BODY, { [TTL_TAG]: "1" }));
    yield tagging ? untagged(tagging) : ok("s3:PutObjectTagging", `Allowed: tag ${where}.`);
  } finally {
    const left = await attempt(() => deleteFromBucket(cleaner, object.bucket, [object.key]));
    if (left)
      yield wrong("bucket", `The object ${object.key} could not be deleted: ${left.message}`, "Delete it by hand.");
  }
}

async function attempt(call: () => Promise<void>): Promise<DynamoDBSaverError | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return reported(error);
  }
}

function unusable(error: DynamoDBSaverError): Finding {
  if (error.code === "BUCKET_NOT_FOUND")
    return wrong(
      "bucket",
      error.message.split(". ", 1)[0]! + ".",
      `Check --s3-bucket, --s3-region and --s3-endpoint, or make one: ${PROGRAM} setup --print cloudformation`,
    );
  const moved = error instanceof AwsRequestError && error.status >= 300 && error.status < 400;
  return wrong(
    "bucket",
    error.message,
    moved || /redirect/.test(error.message)
      ? "The bucket is in another region: check --s3-region."
      : "Check --s3-endpoint, --s3-region, --s3-force-path-style and the credentials.",
  );
}

const failed = (action: string, what: string, error: DynamoDBSaverError): Finding =>
  isDenied(error)
    ? denied(action, what)
    : wrong(action, error.message, "Ask again; if it stays so, look at the bucket's policy and encryption key.");

function untagged(error: DynamoDBSaverError): Finding {
  const remedy =
    "Allow s3:PutObjectTagging. Where a service has no tags, such as Cloudflare R2, objects stay until their " +
    "thread is deleted.";
  return warning(
    "s3:PutObjectTagging",
    `Objects cannot be tagged (${error.message.replace(/\.$/, "")}), so with ttlSeconds they would not expire.`,
    remedy,
  );
}
