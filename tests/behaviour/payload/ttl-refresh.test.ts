import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { operationsOf, type Intercept } from "../../lanes/stored/aws-requests.js";
import { emptyThread, noise, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { awsError } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { headObject, keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { putWithWrites, useTtlDate } from "./ttl-ends.js";

const TTL = 1_000;
const { passTo, endsOf, indexEnd } = useTtlDate();

describe("refreshOnRead", () => {
  const refreshing = { ttlSeconds: TTL, refreshOnRead: true };

  test(
    "renews a checkpoint, its writes, its segments, the thread's marker and its entry, at most once every " +
      "half ttl",
    async () => {
      const keyPrefix = newPrefix();
      const { config } = await putWithWrites(createSaver({ keyPrefix, ...refreshing }));
      const { saver, sent } = saverAt({ keyPrefix }, undefined, refreshing);
      const readAt = async (seconds: number): Promise<number> => {
        passTo(seconds);
        sent.length = 0;
        expect(await saver.getTuple(config)).toBeDefined();
        return operationsOf(sent).filter((operation) => operation === "UpdateItem" || operation === "PutItem").length;
      };

      expect(await readAt(600)).toBeGreaterThan(0);
      const end = 600 + 1.5 * TTL;
      expect(await endsOf(keyPrefix)).toEqual({
        checkpoints: [end],
        marker: [end],
        writes: [end],
        segments: [end, end],
      });
      expect(await indexEnd(keyPrefix)).toBe(end);
      expect(await readAt(1_099)).toBe(0);
      expect(await readAt(1_101)).toBeGreaterThan(0);
      expect((await endsOf(keyPrefix)).checkpoints).toEqual([1_101 + 1.5 * TTL]);
      expect(await readAt(2_600)).toBeGreaterThan(0);
    },
  );

  test("does nothing on a saver without ttlSeconds, and follows configurable.ttl_seconds", async () => {
    const keyPrefix = newPrefix();
    const { config } = await putWithWrites(createSaver({ keyPrefix, ttlSeconds: TTL }));
    const reader = createSaver({ keyPrefix, refreshOnRead: true });
    passTo(900);
    await reader.getTuple(config);
    expect((await endsOf(keyPrefix)).checkpoints).toEqual([TTL]);
    await reader.getTuple({ configurable: { ...config.configurable, ttl_seconds: 4_000 } });
    expect((await endsOf(keyPrefix)).checkpoints).toEqual([900 + 6_000]);
  });

  test("renews the ancestors that a DeltaChannel needs", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ...refreshing });
    const one = await putStep(saver, emptyThread("t"), { log: new DeltaSnapshot(["a"]) });
    await saver.putWrites(one.config, [["log", "b"]], "task");
    const without = {
      config: one.config,
      checkpoint: { ...one.checkpoint, channel_values: {}, channel_versions: { log: 2 } },
    };
    const two = await putStep(
      saver,
      without,
      {},
      { metadata: { counters_since_delta_snapshot: { log: [1, 1] } }, newVersions: { log: 2 } },
    );
    for (let at = 700; at <= 4_200; at += 700) {
      passTo(at);
      expect(await createSaver({ keyPrefix, ...refreshing }).getTuple(two.config)).toBeDefined();
    }
    const { log } = await createSaver({ keyPrefix }).getDeltaChannelHistory({ config: two.config, channels: ["log"] });
    expect(log).toEqual({ seed: new DeltaSnapshot(["a"]), writes: [["task", "log", "b"]] });
  });

  onCeph("writes objects again, with their tag and a new date", async () => {
    const place = newPlace();
    const { config } = await putStep(saverAt(place, undefined, refreshing).saver, emptyThread("t"), {
      large: noise(6_000),
    });
    passTo(600);
    const { saver, sent } = saverAt(place, undefined, refreshing);
    await saver.getTuple(config);

    const put = sent.find(({ operation }) => operation === "PutObject");
    expect(put?.headers.get("x-amz-tagging")).toBe("ttl-days=1");
    expect(put?.headers.has("if-none-match")).toBe(false);
    const [key] = await keysAt(place);
    expect((await headObject(key!)).get("x-amz-tagging-count")).toBe("1");
    expect(await valuesAt(saverAt(place).saver, config)).toEqual({ large: noise(6_000) });
  });

  test.each<[what: string, fault: Intercept]>([
    ["a denial", ({ operation }) => (operation === "UpdateItem" ? awsError("AccessDeniedException") : undefined)],
    [
      "a network that fails",
      ({ operation }) => (operation === "UpdateItem" ? Promise.reject(new TypeError("told by the test")) : undefined),
    ],
  ])("that ends in %s is a warning, and the read succeeds", async (_, fault) => {
    const keyPrefix = newPrefix();
    const { config } = await putStep(createSaver({ keyPrefix, ttlSeconds: TTL }), emptyThread("t"), { n: 1 });
    passTo(900);
    const { saver, events } = saverAt({ keyPrefix }, fault, { ...refreshing, maxAttempts: 1 });

    expect((await saver.getTuple(config))?.checkpoint.channel_values).toEqual({ n: 1 });
    expect(events.filter(({ type }) => type === "warning")).toEqual([
      expect.objectContaining({ code: "REFRESH_FAILED" }),
    ]);
  });
});
