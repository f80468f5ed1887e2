import { awsEndpoint } from "../../aws/client/endpoint.js";
import type { DynamoDBSaverOptions } from "../../options.js";
import { flagFor } from "../failures/remedies.js";
import { checkBucket } from "./bucket.js";
import { checkCors } from "./cors.js";
import { checkCredentials } from "./credentials.js";
import { checkEndpoint } from "./endpoint.js";
import { skipped, ok, reported, wrong, type Finding } from "./finding.js";
import { checkIsolation } from "./isolation.js";
import { checkLifecycle } from "./lifecycle.js";
import { checkPermissions } from "./permissions.js";
import { checkRoundTrip } from "./round-trip.js";
import { subjectOf, type Subject } from "./subject.js";
import { checkExpiry, checkTable } from "./table.js";
import { checkThreads } from "./threads.js";

/** What is known of the application beside its options. */
export interface Expectations {
  /** The saver's `ttlSeconds`: what expires must be swept by then, and nothing before. */
  ttlSeconds?: number | undefined;
  /** Origin of a page that uses the saver, for example `"https://app.example.com"`. */
  origin?: string | undefined;
}

/**
 * Looks at everything that a saver needs, in order, and says of each what it found. It works beside live agents, and
 * leaves nothing behind. What makes no sense any more after a finding is left out, and said to be.
 *
 * @throws DynamoDBSaverError `ABORTED`
 */
export async function* examine(
  options: DynamoDBSaverOptions,
  { ttlSeconds, origin }: Expectations = {},
): AsyncGenerator<Finding, void, undefined> {
  let subject: Subject;
  try {
    subject = subjectOf(options);
  } catch (error) {
    const { message } = reported(error);
    const [finding = "", ...remedy] = message.split(/(?<=\.) /);
    yield wrong(
      message.startsWith("credentials") ? "credentials" : "options",
      finding,
      [...remedy, flagFor(message)].filter(Boolean).join(" ") || "See --help.",
    );
    return;
  }
  yield ok("options", summary(subject));
  const reached = yield* checkEndpoint(subject);
  const known = yield* checkCredentials(subject);
  if (reached && known) yield* examineTable(subject, ttlSeconds);
  else yield skipped("table", "The checks above come first.");
  if (known && (yield* checkBucket(subject))) yield* checkLifecycle(subject, ttlSeconds);
  if (origin !== undefined) yield* checkCors(subject, origin);
}

async function* examineTable(
  subject: Subject,
  ttlSeconds: number | undefined,
): AsyncGenerator<Finding, void, undefined> {
  if (!(yield* checkTable(subject))) {
    yield skipped("permissions", "The table comes first.");
    return;
  }
  yield* checkExpiry(subject, ttlSeconds);
  const allowed = yield* checkPermissions(subject);
  if (allowed) yield* checkRoundTrip(subject);
  else yield skipped("round trip", "The permissions above come first.");
  yield* checkIsolation(subject);
  yield* checkThreads(subject);
}

function summary({ config: { tableName, region, endpoint, keyPrefix, s3, encryption } }: Subject): string {
  const parts = [
    `table ${JSON.stringify(tableName)} in ${region}`,
    endpoint !== awsEndpoint("dynamodb", region) && `at ${new URL(endpoint).origin}`,
    keyPrefix !== "" && `key prefix ${JSON.stringify(keyPrefix)}`,
    s3 && `large values in ${s3.bucket}/${s3.prefix}`,
    encryption && "encrypted",
  ];
  return `They say: ${parts.filter(Boolean).join(", ")}.`;
}
