import { describe, expect, test } from "vitest";
import { awsError, observedSaver } from "../../lanes/faults/faulty-fetch.js";
import { PAYLOAD } from "../../lanes/hostile/hostile-world.js";
import { collect, emptyThread, putChain } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, putRaw } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

describe("prune of all threads goes on behind one with", () => {
  /** Three threads, of which the first has more than a saver has written. */
  async function threadsWith(...planted: Record<string, unknown>[]): Promise<string> {
    const keyPrefix = newPrefix();
    for (const id of ["a", "b", "c"]) await putChain(createSaver({ keyPrefix }), emptyThread(id), [{ n: 1 }, { n: 2 }]);
    for (const item of planted) await putRaw({ PK: { S: `${keyPrefix}T#a` }, ...item });
    return keyPrefix;
  }

  const list = (keys: unknown): Record<string, unknown>[] => [
    { SK: { S: "G#l" }, since: { N: "1" } },
    { SK: { S: "G#l#0" }, keys },
  ];

  test.each<[what: string, planted: Record<string, unknown>[], code: string]>([
    ["a list that is not JSON", list({ S: `${PAYLOAD} {` }), "DAMAGED_DATA"],
    ["a list that is a number", list({ S: "5" }), "DAMAGED_DATA"],
    ["a list of nothing", list({ S: "[null]" }), "DAMAGED_DATA"],
    ["a list of lengths that are none", list({ S: `[["S#a","${PAYLOAD}"]]` }), "DAMAGED_DATA"],
    ["a list of another type", list({ N: "1" }), "DAMAGED_DATA"],
    [
      "a pointer to a bucket that no option names",
      [{ SK: { S: `P#AAAAAA#${"A".repeat(43)}#intranet/x/` } }],
      "INVALID_CONFIG",
    ],
  ])("%s", async (_, planted, code) => {
    const keyPrefix = await threadsWith(...planted);
    const s3 = { bucket: "checkpoints", endpoint: "http://127.0.0.1:9" };
    const saver = createSaver({ keyPrefix, s3 });

    const error = await saver.prune({ all: true, keepLast: 1, graceSeconds: 0 }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      name: "ThreadsFailedError",
      threads: 3,
      failed: [{ threadId: "a", error: { code } }],
    });
    expect(JSON.stringify([String(error), error])).not.toContain(PAYLOAD);
    expect(String((error as Error).cause)).not.toContain(PAYLOAD);
    for (const thread_id of ["b", "c"])
      expect(await collect(saver.list({ configurable: { thread_id } }))).toHaveLength(1);
  });

  test.each<[what: string, operation: string, answer: () => Response, code: string]>([
    ["items that nobody has thought of", "Query", () => Response.json({ Items: [{}] }), "DAMAGED_DATA"],
    ["what DynamoDB refuses to delete", "BatchWriteItem", () => awsError("ValidationException"), "SERVICE_ERROR"],
  ])("%s", async (_, operation, answer, code) => {
    const keyPrefix = await threadsWith();
    const { saver } = observedSaver(
      (request) => (request.operation === operation && request.body.includes("T#a") ? answer() : undefined),
      { keyPrefix },
    );

    await expect(saver.prune({ all: true, keepLast: 1, graceSeconds: 0 })).rejects.toMatchObject({
      name: "ThreadsFailedError",
      failed: [{ threadId: "a", error: { code } }],
    });
    for (const thread_id of ["b", "c"])
      expect(await collect(createSaver({ keyPrefix }).list({ configurable: { thread_id } }))).toHaveLength(1);
  });

  test("a pointer to a bucket that no option names, also where whole threads are deleted", async () => {
    const keyPrefix = await threadsWith({ SK: { S: `P#AAAAAA#${"A".repeat(43)}#intranet/x/` } });
    const saver = createSaver({ keyPrefix, s3: { bucket: "checkpoints", endpoint: "http://127.0.0.1:9" } });

    await expect(saver.prune({ all: true, strategy: "delete" })).rejects.toMatchObject({
      name: "ThreadsFailedError",
      failed: [{ threadId: "a", error: { code: "INVALID_CONFIG" } }],
    });
    expect(await itemsOf(keyPrefix, "b")).toEqual([]);
    expect(await itemsOf(keyPrefix, "c")).toEqual([]);
  });
});
