import { describe, expect, test } from "vitest";
import { emptyThread, latestOf, noise, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { deleteRaw, itemsOf } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { useStillDate } from "../../lanes/faults/still-date.js";

const TTL = 1_000;
const { passTo } = useStillDate();

test(
  "a DeltaChannel that a graph gained later is empty, though the thread's first checkpoints " + "have expired",
  async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    let step = await putStep(saver, emptyThread("t"), { n: 0 });
    for (let at = 600; at <= 3_000; at += 600) {
      passTo(at);
      step = await putStep(saver, step, { n: at });
    }
    expect(
      await createSaver({ keyPrefix }).getDeltaChannelHistory({ config: step.config, channels: ["gained"] }),
    ).toEqual({ gained: { writes: [] } });
  },
);

describe("what a DeltaChannel is rebuilt from lives as long as a checkpoint that was put", () => {
  const counted = (n: number): { metadata: Record<string, unknown> } => ({
    metadata: { counters_since_delta_snapshot: { log: [n, n] } },
  });
  const without = (step: Step, version: number): Step => ({
    config: step.config,
    checkpoint: {
      ...step.checkpoint,
      channel_values: {},
      channel_versions: { ...step.checkpoint.channel_versions, log: version },
    },
  });
  const history = async (keyPrefix: string, { config }: Step): Promise<unknown[]> =>
    (await createSaver({ keyPrefix }).getDeltaChannelHistory({ config, channels: ["log"] })).log!.writes.map(
      ([, , value]) => value,
    );

  test("under a parent that has ended for readers meanwhile", async () => {
    const keyPrefix = newPrefix();
    const run = createSaver({ keyPrefix, ttlSeconds: TTL });
    const one = await putStep(run, without(emptyThread("t"), 1), { s: 1 }, counted(0));
    await run.putWrites(one.config, [["log", "w0"]], "task 0");
    passTo(990);
    await run.getTuple(latestOf(one));
    await run.putWrites(one.config, [["log", "w1"]], "task 1");
    passTo(1_390);
    const two = await putStep(run, without(one, 2), { s: 2 }, counted(1));
    passTo(1_390 + TTL - 1);
    expect(await history(keyPrefix, two)).toEqual(["w0", "w1"]);
  });

  test.each([0, 3_000])("as a fork of one whose parent has ended, which had a segment of %i bytes", async (length) => {
    const keyPrefix = newPrefix();
    const run = createSaver({ keyPrefix, ttlSeconds: TTL });
    const one = await putStep(run, without(emptyThread("t"), 1), { s: noise(length) }, counted(0));
    await run.putWrites(one.config, [["log", "w0"]], "task 0");
    passTo(400);
    const two = await putStep(run, without(one, 2), { s: 2 }, counted(1));
    passTo(1_100);
    const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
    const { checkpoint, metadata, parentConfig } = (await saver.getTuple(two.config))!;
    // It is still there for the DeltaChannel, but not what else it had.
    for (const item of await itemsOf(keyPrefix, "t", "S#")) await deleteRaw(item);
    const fork = await saver.put(
      parentConfig!,
      { ...checkpoint, id: emptyThread().checkpoint.id },
      { ...metadata!, source: "fork" },
      {},
    );
    passTo(1_100 + TTL - 1);
    expect(await history(keyPrefix, { config: fork, checkpoint })).toEqual(["w0"]);
  });
});
