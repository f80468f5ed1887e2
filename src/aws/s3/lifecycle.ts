import { AwsRequestError } from "../../errors.js";
import { checksum, NAMESPACE, nothing } from "./objects.js";
import type { S3 } from "./s3.js";
import { documentOf, elements } from "./xml.js";

/* The rules by which the objects of a bucket expire. */

const encoder = new TextEncoder();

/** The `<Rule>` elements of the bucket's lifecycle, as they are. */
export async function getLifecycleRules(s3: S3, bucket: string): Promise<string[]> {
  try {
    return await s3.send({
      operation: "GetBucketLifecycleConfiguration",
      method: "GET",
      bucket,
      query: "?lifecycle=",
      parse: ({ body }) => elements(documentOf(body, "LifecycleConfiguration"), "Rule").map(withOneFilter),
    });
  } catch (error) {
    if (error instanceof AwsRequestError && error.serviceCode === "NoSuchLifecycleConfiguration") return [];
    throw error;
  }
}

export async function putLifecycleRules(s3: S3, bucket: string, rules: string[]): Promise<void> {
  const body = encoder.encode(
    `<LifecycleConfiguration xmlns="${NAMESPACE}">${rules.join("")}</LifecycleConfiguration>`,
  );
  const request = {
    operation: "PutBucketLifecycleConfiguration",
    method: "PUT",
    bucket,
    query: "?lifecycle=",
    body,
  } as const;
  await s3.send({ ...request, headers: await checksum(body), parse: nothing });
}

/**
 * A rule that goes by several conditions has them in one `<And>`. Ceph gives them back without it, or beside it,
 * and forgets the prefix of such a rule when it is put again: it would expire what it should not.
 */
function withOneFilter(rule: string): string {
  const [filter] = elements(rule, "Filter");
  if (filter === undefined) return rule;
  const conditions = ["Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"].flatMap((name) =>
    elements(filter, name),
  );
  return conditions.length < 2
    ? rule
    : rule.replace(filter, () => `<Filter><And>${conditions.join("")}</And></Filter>`);
}
