import { expect, test } from "vitest";
import { createCache, createStore } from "../../../lanes/savers/stores.js";
import { intercepted, s3Error, xml } from "../../../lanes/stored/aws-requests.js";

/* Objects of a store and of a cache expire also where no option says so, but a put or a node's cachePolicy. */

const s3 = { bucket: "a-bucket", endpoint: "http://127.0.0.1:9", prefix: "p/" };

function bucket(refusal?: () => Response): ReturnType<typeof intercepted> & { rules: string[] } {
  const rules: string[] = [];
  const { fetch, sent } = intercepted(({ operation, body }) => {
    if (!operation.endsWith("BucketLifecycleConfiguration")) return undefined;
    if (refusal) return refusal();
    if (operation.startsWith("Get"))
      return rules.length > 0
        ? xml(`<LifecycleConfiguration>${rules.join("")}</LifecycleConfiguration>`)
        : s3Error(404, "NoSuchLifecycleConfiguration");
    rules.splice(0, rules.length, ...body.match(/<Rule>.*?<\/Rule>/g)!);
    return new Response(null, { status: 200 });
  });
  return { fetch, sent, rules };
}

test.each([
  ["a store", createStore],
  ["a cache", createCache],
])("setup of %s without a ttl installs the rules for puts that have one, once", async (_, create) => {
  const { fetch, rules } = bucket();
  const first = await create({ fetch, s3 }).setup();
  expect(first.lifecycleRule).toEqual({ id: expect.stringMatching(/-1-days$/) as string, status: "installed" });
  const days = rules.map((rule) => Number(/<Days>(\d+)</.exec(rule)![1]));
  expect(days).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048]);
  expect(rules.every((rule) => rule.includes("<Prefix>p/</Prefix>"))).toBe(true);

  expect((await create({ fetch, s3 }).setup()).lifecycleRule).toEqual({ ...first.lifecycleRule, status: "existed" });
  expect(rules).toHaveLength(12);
});

test("a server without lifecycle rules is said to have none, where the options let nothing expire", async () => {
  const { fetch } = bucket(() => s3Error(501, "NotImplemented"));
  expect((await createStore({ fetch, s3 }).setup()).lifecycleRule).toEqual({ id: "", status: "unsupported" });
  const expiring = createStore({ fetch, s3, ttl: { defaultTtlSeconds: 60 }, maxAttempts: 1 });
  await expect(expiring.setup()).rejects.toMatchObject({ status: 501 });
});

test("who may not set lifecycle rules is told so", async () => {
  const { fetch } = bucket(() => s3Error(403, "AccessDenied"));
  await expect(createStore({ fetch, s3 }).setup()).rejects.toMatchObject({ code: "ACCESS_DENIED" });
});
