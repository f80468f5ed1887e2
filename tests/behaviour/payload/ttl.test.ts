import { DeltaSnapshot, type DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noise,
  putStep,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { saverAt } from "../../lanes/savers/s3-saver.js";
import { putWithWrites, useTtlDate } from "./ttl-ends.js";

const TTL = 1_000;
const { passTo, endsOf, indexEnd } = useTtlDate();

describe("what is stored ends:", () => {
  test("a checkpoint after one ttl, and what it shares with others after one and a half", async () => {
    const keyPrefix = newPrefix();
    await putWithWrites(createSaver({ keyPrefix, ttlSeconds: TTL }));

    expect(await endsOf(keyPrefix)).toEqual({
      checkpoints: [TTL],
      marker: [1.5 * TTL],
      writes: [1.5 * TTL],
      segments: [1.5 * TTL, 1.5 * TTL],
    });
    expect(await indexEnd(keyPrefix)).toBe(1.5 * TTL);
  });

  test("never, without ttlSeconds", async () => {
    const keyPrefix = newPrefix();
    await putWithWrites(createSaver({ keyPrefix }));

    const items = await itemsWithPrefix(keyPrefix);
    expect(items.length).toBe(6);
    for (const item of items) expect(Object.keys(item)).not.toContain("ttl");
  });

  test("after configurable.ttl_seconds, where a call has it", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    const { config, checkpoint } = emptyThread("t");
    const stored = await saver.put(
      { configurable: { ...config.configurable, ttl_seconds: 60 } },
      checkpoint,
      { source: "input", step: -1, parents: {} },
      {},
    );
    await saver.putWrites({ configurable: { ...stored.configurable, ttl_seconds: 80 } }, [["a", 1]], "task");
    const permanent = createSaver({ keyPrefix });
    await permanent.putWrites(
      { configurable: { ...stored.configurable, ttl_seconds: 90.5 } },
      [["a", 1]],
      "other task",
    );

    expect(await endsOf(keyPrefix)).toEqual({ checkpoints: [60], marker: [90], writes: [136, 120] });
  });

  test.each([0, -1, NaN, Infinity, "60", null, 1e12, {}])(
    "configurable.ttl_seconds %j is refused before anything is sent",
    async (ttl_seconds) => {
      const { saver, sent } = saverAt({}, undefined, { refreshOnRead: true });
      const configurable = { thread_id: "t", checkpoint_id: "c", ttl_seconds };
      const calls = [
        () => saver.put({ configurable }, emptyThread().checkpoint, { source: "input", step: -1, parents: {} }, {}),
        () => saver.putWrites({ configurable }, [["a", 1]], "task"),
      ];
      for (const call of calls)
        expect(await errorOf(call())).toMatchObject({
          code: "INVALID_INPUT",
          message: expect.stringContaining("configurable.ttl_seconds must be a positive number of seconds"),
        });
      expect(sent).toEqual([]);
    },
  );

  test.each([0, -1, NaN, "60", 1e12])("ttlSeconds %j is refused", (ttlSeconds) => {
    const make = (): unknown => createSaver({ ttlSeconds: ttlSeconds as number });
    expect(make).toThrow(
      expect.toSatisfy(
        (error: { code: string; message: string }) =>
          error.code === "INVALID_CONFIG" && error.message.includes("ttlSeconds must be"),
      ),
    );
  });
});

describe("what has expired and is not swept yet is absent", () => {
  /** A thread whose first checkpoint ends before its second, which is a child of it. */
  async function prepare(): Promise<{ keyPrefix: string; old: Step; young: Step }> {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    const old = await putWithWrites(saver);
    passTo(TTL / 4);
    return { keyPrefix, old, young: await putStep(saver, old, { n: 1 }) };
  }

  test("to getTuple, list and listThreads", async () => {
    const { keyPrefix, old, young } = await prepare();
    const reader = createSaver({ keyPrefix });
    passTo(TTL - 1);
    expect(idsOf(await collect(reader.list(latestOf(old))))).toEqual([young.checkpoint.id, old.checkpoint.id]);
    expect(await valuesAt(reader, old.config)).toEqual(old.checkpoint.channel_values);
    passTo(TTL);
    expect(await reader.getTuple(old.config)).toBeUndefined();
    expect(idsOf(await collect(reader.list(latestOf(old))))).toEqual([young.checkpoint.id]);
    expect(await valuesAt(createSaver({ keyPrefix }), latestOf(old))).toEqual(young.checkpoint.channel_values);
    passTo(1.25 * TTL);
    expect(await reader.getTuple(latestOf(old))).toBeUndefined();
    expect(await collect(reader.list({}))).toEqual([]);
    passTo(2 * TTL);
    expect(await collect(reader.listThreads())).toEqual([]);
    expect((await itemsOf(keyPrefix, "t")).length).toBe(6);
  });

  test.each(["warm", "cold"])(
    "to put, when it was the parent of a %s instance: everything is stored anew",
    async (which) => {
      const keyPrefix = newPrefix();
      const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
      const old = await putStep(saver, emptyThread("t"), { value: noise(3_000) });
      passTo(3 * TTL);
      const child = await putStep(which === "warm" ? saver : createSaver({ keyPrefix, ttlSeconds: TTL }), old, {
        n: 1,
      });

      expect(await endsOf(keyPrefix)).toEqual({
        checkpoints: [TTL, 4 * TTL],
        marker: [4.5 * TTL],
        segments: [4.5 * TTL],
      });
      passTo(4 * TTL - 1);
      expect(await valuesAt(createSaver({ keyPrefix }), child.config)).toEqual(child.checkpoint.channel_values);
      expect(await collect(createSaver({ keyPrefix }).listThreads())).toHaveLength(1);
    },
  );

  test("to a DeltaChannel's history, which says that it is missing", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    const counted = { metadata: { counters_since_delta_snapshot: { log: [1, 1] } } };
    const one = await putStep(saver, emptyThread("t"), { log: new DeltaSnapshot(["a"]) });
    await saver.putWrites(one.config, [["log", "b"]], "task");
    const rest = { config: one.config, checkpoint: { ...one.checkpoint, channel_values: {} } };
    const two = await putStep(saver, rest, {}, { ...counted, newVersions: { log: 2 } });
    two.checkpoint.channel_versions.log = 2;
    const history = (reader: DynamoDBSaver): Promise<Record<string, DeltaChannelHistory>> =>
      reader.getDeltaChannelHistory({ config: two.config, channels: ["log"] });
    passTo(TTL - 1);
    expect((await history(createSaver({ keyPrefix }))).log!.writes).toEqual([["task", "log", "b"]]);
    passTo(2 * TTL);
    expect(await saver.getTuple(two.config)).toBeUndefined();
    // One whose target is there, and whose ancestor is not.
    const three = await putStep(createSaver({ keyPrefix, ttlSeconds: TTL }), two, {}, counted);
    const error = await errorOf(
      createSaver({ keyPrefix }).getDeltaChannelHistory({ config: three.config, channels: ["log"] }),
    );
    expect(error).toMatchObject({ code: "MISSING_DATA", channel: "log", checkpointId: three.checkpoint.id });
  });

  test("to a reader of pending writes", async () => {
    const keyPrefix = newPrefix();
    const config = { configurable: { thread_id: "t", checkpoint_ns: "", checkpoint_id: "1" } };
    // They came before their checkpoint, which lives for good.
    await createSaver({ keyPrefix, ttlSeconds: TTL }).putWrites(config, [["n", 2]], "task");
    await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 }, { id: "1" });
    const reader = createSaver({ keyPrefix });
    expect((await reader.getTuple(config))?.pendingWrites).toHaveLength(1);
    passTo(1.5 * TTL);
    expect((await reader.getTuple(config))?.pendingWrites).toEqual([]);
  });
});
