import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AwsRequest } from "../../lanes/stored/aws-requests.js";
import { collect, emptyThread, idsOf, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { saverAt } from "../../lanes/savers/s3-saver.js";
import { isCheckpoint } from "../../lanes/stored/sort-keys.js";
import { late } from "../../lanes/faults/late.js";

/*
 * An attempt whose caller has given it up, and which another attempt has replaced, arrives when more has been
 * acknowledged since. The simulated world found these orders; here they are exact, on a real server.
 */

const T = { configurable: { thread_id: "t" } };
const passSeconds = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1_000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const isPutOf =
  (id: string) =>
  ({ body }: AwsRequest): boolean =>
    body.includes(`C##${id}#~`);

describe("a late attempt of a put", () => {
  const putTwo = async (saver: DynamoDBSaver, of: DynamoDBSaver): Promise<[Step, Step]> => {
    const one = await putStep(saver, emptyThread("t"), { n: 1 }, { id: "1", metadata: { run_id: "run" } });
    return [one, await putStep(of, one, { n: 2 }, { id: "2" })];
  };

  test.each<[by: string, remove: (saver: DynamoDBSaver) => Promise<unknown>]>([
    ["prune", (saver) => saver.prune({ threadIds: ["t"], keepLast: 1 })],
    ["prune without a grace period", (saver) => saver.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 })],
    ["deleteForRuns", (saver) => saver.deleteForRuns(["run"])],
  ])("does not bring back a checkpoint that %s has removed", async (_, remove) => {
    const keyPrefix = newPrefix();
    const { saver, arrive } = late({ keyPrefix }, "PutItem", isPutOf("1"));
    const [one, two] = await putTwo(saver, createSaver({ keyPrefix }));
    await remove(createSaver({ keyPrefix }));
    expect((await arrive()).status).toBe(400);
    const reader = createSaver({ keyPrefix });
    expect(await reader.getTuple(one.config)).toBeUndefined();
    expect(idsOf(await collect(reader.list(T)))).toEqual(["2"]);
    expect(await valuesAt(reader, two.config)).toEqual({ n: 2 });
  });

  test(
    "does not bring back the newest checkpoint of a run that was removed, which stays out of sight for a run " +
      "under way",
    async () => {
      const keyPrefix = newPrefix();
      const { saver, arrive } = late({ keyPrefix }, "PutItem", isPutOf("1"));
      const one = await putStep(saver, emptyThread("t"), { n: 1 }, { id: "1", metadata: { run_id: "run" } });
      await createSaver({ keyPrefix }).deleteForRuns(["run"]);
      await arrive();
      expect(await createSaver({ keyPrefix }).getTuple(one.config)).toBeUndefined();
      expect(await collect(createSaver({ keyPrefix }).list(T))).toEqual([]);
    },
  );

  test("does not undo a second put of the same checkpoint", async () => {
    const keyPrefix = newPrefix();
    const { saver, arrive } = late({ keyPrefix }, "PutItem", isPutOf("1"));
    await putStep(saver, emptyThread("t"), { n: "first" }, { id: "1" });
    passSeconds(1);
    const { config } = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: "second" }, { id: "1" });
    await arrive();
    expect(await valuesAt(createSaver({ keyPrefix }), config)).toEqual({ n: "second" });
  });

  test("does not shorten the life that a later checkpoint has given to an ancestor", async () => {
    const keyPrefix = newPrefix();
    const counted = (n: number): Record<string, unknown> => ({ counters_since_delta_snapshot: { log: [n, n] } });
    const { saver, arrive } = late({ keyPrefix, ttlSeconds: 1_000 }, "PutItem", isPutOf("1"));
    const one = await putStep(
      saver,
      emptyThread("t"),
      { log: new DeltaSnapshot([]) },
      { id: "1", metadata: counted(0) },
    );
    await saver.putWrites(one.config, [["log", "a"]], "task");
    const parent = {
      config: { configurable: { ...one.config.configurable, ttl_seconds: 100_000 } },
      checkpoint: { ...one.checkpoint, channel_values: {} },
    };
    const two = await putStep(
      saver,
      parent,
      { n: 2 },
      { id: "2", metadata: counted(1), newVersions: { n: 1, log: 2 } },
    );
    await arrive();
    passSeconds(50_000);
    const { log } = await createSaver({ keyPrefix }).getDeltaChannelHistory({ config: two.config, channels: ["log"] });
    expect(log).toMatchObject({ writes: [["task", "log", "a"]] });
  });

  test("is no reason against the put of a checkpoint that was removed: that is stored", async () => {
    const keyPrefix = newPrefix();
    const [one, two] = await putTwo(createSaver({ keyPrefix }), createSaver({ keyPrefix }));
    await createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1 });
    // By a machine whose clock is behind.
    passSeconds(-60);
    await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: "again" }, { id: "1" });
    expect(await valuesAt(createSaver({ keyPrefix }), one.config)).toEqual({ n: "again" });
    expect(await valuesAt(createSaver({ keyPrefix }), two.config)).toEqual({ n: 2 });
  });

  test("finds a tombstone that a pruning deletes days after it has expired, where the table does not", async () => {
    const keyPrefix = newPrefix();
    await putTwo(createSaver({ keyPrefix }), createSaver({ keyPrefix }));
    const prune = (): Promise<unknown> => createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1 });
    const checkpoints = async (): Promise<number> => (await itemsOf(keyPrefix, "t", "C##")).filter(isCheckpoint).length;
    expect(await prune()).toMatchObject({ checkpoints: 1 });
    expect(await checkpoints()).toBe(2);
    passSeconds(5 * 86_400);
    await prune();
    passSeconds(3_700);
    await prune();
    expect(await checkpoints()).toBe(1);
  });
});

test("the first write of an index stays, also while the instance puts another checkpoint", async () => {
  const keyPrefix = newPrefix();
  const one = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 }, { id: "1" });
  await createSaver({ keyPrefix }).putWrites(one.config, [["n", "first"]], "task");
  let during: Promise<void> | undefined;
  const { saver } = saverAt({ keyPrefix }, async ({ operation, forward, body }) => {
    if (operation !== "PutItem" || !body.includes("C##2#")) return forward();
    during = saver.putWrites(one.config, [["n", "second"]], "task");
    await during;
    return forward();
  });
  await putStep(saver, emptyThread("t"), { n: 2 }, { id: "2" });
  expect(during).toBeDefined();
  expect((await createSaver({ keyPrefix }).getTuple(one.config))?.pendingWrites).toEqual([["task", "n", "first"]]);
});

test(
  "writes live as long as their checkpoint, also by an instance with a shorter ttl that has " + "not seen it",
  async () => {
    const keyPrefix = newPrefix();
    const one = await putStep(createSaver({ keyPrefix, ttlSeconds: 100_000 }), emptyThread("t"), { n: 1 }, { id: "1" });
    await createSaver({ keyPrefix, ttlSeconds: 100 }).putWrites(one.config, [["n", 2]], "task");
    passSeconds(50_000);
    expect((await createSaver({ keyPrefix }).getTuple(one.config))?.pendingWrites).toEqual([["task", "n", 2]]);
  },
);

test("a DeltaChannel that a graph has got after a pruning is rebuilt", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const one = await putStep(saver, emptyThread("t"), { n: 1 }, { id: "1" });
  const two = await putStep(saver, one, { n: 2 }, { id: "2" });
  await saver.prune({ threadIds: ["t"], keepLast: 1 });
  await saver.putWrites(two.config, [["log", "a"]], "task");
  const three = await putStep(
    saver,
    two,
    { n: 3 },
    { id: "3", metadata: { counters_since_delta_snapshot: { log: [1, 1] } }, newVersions: { n: 3, log: 1 } },
  );
  const checkpoint = { ...three.checkpoint, channel_versions: { n: 3, log: 1 } };
  await saver.put(
    two.config,
    checkpoint,
    { source: "loop", step: 3, parents: {}, counters_since_delta_snapshot: { log: [1, 1] } },
    { n: 3, log: 1 },
  );
  const { log } = await createSaver({ keyPrefix }).getDeltaChannelHistory({ config: three.config, channels: ["log"] });
  expect(log).toEqual({ writes: [["task", "log", "a"]] });
});
