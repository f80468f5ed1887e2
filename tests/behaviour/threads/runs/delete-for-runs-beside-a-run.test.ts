import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  collect,
  emptyThread,
  idsOf,
  noiseText,
  putStep,
  valuesAt,
  type Step,
} from "../../../lanes/savers/checkpoints.js";
import { createSaver } from "../../../lanes/savers/harness.js";
import { itemsOf } from "../../../lanes/stored/raw-table.js";
import { newPrefix } from "../../../lanes/stored/requests.js";
import { saverAt } from "../../../lanes/savers/s3-saver.js";
import { isTombstone } from "../../../lanes/stored/sort-keys.js";

const T = { configurable: { thread_id: "t" } };

describe("deleteForRuns beside a run", () => {
  const passSeconds = (seconds: number): void =>
    void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1_000 });
  afterEach(() => void vi.useRealTimers());

  const putAs = (
    saver: DynamoDBSaver,
    parent: Step,
    run_id: string,
    changes: Record<string, unknown>,
    metadata: object = {},
  ): Promise<Step> => putStep(saver, parent, changes, { metadata: { run_id, ...metadata } });

  test("keeps what the run puts while the thread is found empty, and the thread with it", async () => {
    const keyPrefix = newPrefix();
    const agent = createSaver({ keyPrefix });
    const first = await putAs(agent, emptyThread("t"), "one", { document: noiseText(3_000) });
    let next: Step | undefined;
    const { saver } = saverAt({ keyPrefix }, async ({ operation, forward }) => {
      const answer = await forward();
      if (operation === "BatchWriteItem") next ??= await putAs(agent, first, "two", { n: 2 });
      return answer;
    });
    expect(await saver.deleteForRuns(["one"], { threadIds: ["t"] })).toMatchObject({ checkpoints: 1 });
    expect(await valuesAt(createSaver({ keyPrefix }), T)).toEqual(next!.checkpoint.channel_values);
    passSeconds(4_000);
    await createSaver({ keyPrefix }).prune({ all: true, keepLast: 1 });
    expect(await valuesAt(createSaver({ keyPrefix }), T)).toEqual(next!.checkpoint.channel_values);
  });

  test("leaves an empty thread to a pruning after the grace period, unless a run begins in it", async () => {
    const keyPrefix = newPrefix();
    const prune = async (): Promise<void> => void (await createSaver({ keyPrefix }).prune({ all: true, keepLast: 1 }));
    for (const id of ["t", "other"])
      await putAs(createSaver({ keyPrefix }), emptyThread(id), "one", { document: noiseText(3_000) });
    await createSaver({ keyPrefix }).deleteForRuns(["one"]);
    expect(await collect(createSaver({ keyPrefix }).list({}))).toEqual([]);
    await prune();
    passSeconds(4_000);
    let begun: Step | undefined;
    const { saver } = saverAt({ keyPrefix }, async ({ operation, bytes, forward }) => {
      // The marker is about to be deleted.
      if (operation === "DeleteItem" && new TextDecoder().decode(bytes).includes('T#t"'))
        begun ??= await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: "begun" });
      return forward();
    });
    await saver.prune({ all: true, keepLast: 1 });
    expect(begun).toBeDefined();
    expect(await valuesAt(createSaver({ keyPrefix }), T)).toEqual({ n: "begun" });
    expect((await collect(createSaver({ keyPrefix }).listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
    expect(await itemsOf(keyPrefix, "other")).toEqual([]);
  });

  test(
    "keeps for it what its DeltaChannel is rebuilt from, out of sight, and frees that after the " + "grace period",
    async () => {
      const keyPrefix = newPrefix();
      const agent = createSaver({ keyPrefix });
      const counted = (n: number): object => ({ counters_since_delta_snapshot: { log: [n, n] } });
      const one = await putAs(agent, emptyThread("t"), "one", { log: new DeltaSnapshot([]) });
      await agent.putWrites(one.config, [["log", "first"]], "task 1");
      const without = ({ config }: Step, n: number): Step => ({
        config,
        checkpoint: { ...one.checkpoint, channel_values: {}, channel_versions: { log: n } },
      });
      const two = await putAs(agent, without(one, 2), "two", { n: 2 }, counted(1));
      await agent.putWrites(two.config, [["log", "second"]], "task 2");

      await createSaver({ keyPrefix }).deleteForRuns(["one", "two"], { threadIds: ["t"] });
      expect(await collect(createSaver({ keyPrefix }).list(T))).toEqual([]);
      expect(await createSaver({ keyPrefix }).getTuple(two.config)).toBeUndefined();
      // The run had read that before.
      const three = await putAs(agent, without(two, 3), "three", { n: 3 }, counted(2));
      const history = async (): Promise<unknown> =>
        (
          await createSaver({ keyPrefix }).getDeltaChannelHistory({ config: three.config, channels: ["log"] })
        ).log!.writes.map(([, , write]) => write);
      expect(await history()).toEqual(["first", "second"]);
      passSeconds(4_000);
      await createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1 });
      expect(await history()).toEqual(["first", "second"]);
      expect(idsOf(await collect(createSaver({ keyPrefix }).list(T)))).toEqual([three.checkpoint.id]);

      const four = await putAs(agent, three, "four", { log: new DeltaSnapshot(["first", "second"]) });
      for (let call = 0; call < 2; call++) {
        await createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1 });
        passSeconds(4_000);
      }
      expect((await itemsOf(keyPrefix, "t", "C##")).filter((item) => !isTombstone(item))).toHaveLength(1);
      expect(await valuesAt(createSaver({ keyPrefix }), T)).toEqual(four.checkpoint.channel_values);
    },
  );
});
