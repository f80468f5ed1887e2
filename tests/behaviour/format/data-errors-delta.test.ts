import { CheckpointDataError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, it } from "vitest";
import { emptyThread, noise, putChain, threadIdOf, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { deleteRaw, itemsOf, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { checkpointIdOf, isCheckpoint } from "../../lanes/stored/sort-keys.js";
import { binary, buildFrame, plain } from "../../lanes/stored/stored-bytes.js";

const itemAt = async (keyPrefix: string, step: Step): Promise<RawItem> =>
  (await itemsOf(keyPrefix, threadIdOf(step), "C#")).find(
    (item) => checkpointIdOf(item) === step.checkpoint.id && isCheckpoint(item),
  )!;

const segmentsOf = (keyPrefix: string, step: Step): Promise<RawItem[]> => itemsOf(keyPrefix, threadIdOf(step), "S#");

describe("an ancestor that a DeltaChannel needs", () => {
  it.each([0.5, { toString: null, valueOf: null }])("is found where its counter is %j", async (counter) => {
    const keyPrefix = newPrefix();
    const steps = await putChain(createSaver({ keyPrefix }), emptyThread(), [{ turn: 0 }, { turn: 1 }]);
    const [first, last] = steps as [Step, Step];
    const metadata = JSON.stringify({ counters_since_delta_snapshot: { log: [1, counter] } });
    await putRaw({ ...(await itemAt(keyPrefix, last)), data: binary(plain(buildFrame({ metadata }))) });
    const saver = createSaver({ keyPrefix });
    await saver.putWrites(first.config, [["log", "first"]], "task");
    await saver.getTuple(last.config);
    const history = await saver.getDeltaChannelHistory({ config: last.config, channels: ["log"] });
    expect(history.log?.writes).toEqual([["task", "log", "first"]]);
  });

  it("is never passed over when it is missing", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const steps = await putChain(
      saver,
      emptyThread(),
      Array.from({ length: 6 }, (_, i) => ({ turn: i })),
    );
    for (const [i, { config }] of steps.entries()) await saver.putWrites(config, [["log", i]], "task");
    const history = (step: Step) =>
      createSaver({ keyPrefix }).getDeltaChannelHistory({ config: step.config, channels: ["log"] });
    expect((await history(steps[5]!)).log?.writes.map(([, , value]) => value)).toEqual([0, 1, 2, 3, 4]);
    await deleteRaw(await itemAt(keyPrefix, steps[2]!));

    const error: unknown = await history(steps[5]!).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CheckpointDataError);
    expect(error).toMatchObject({
      code: "MISSING_DATA",
      threadId: threadIdOf(steps[0]!),
      checkpointId: steps[5]!.checkpoint.id,
      channel: "log",
    });
    expect((error as Error).message).toContain(steps[2]!.checkpoint.id);
    expect((await history(steps[1]!)).log?.writes.map(([, , value]) => value)).toEqual([0]);
  });

  it("is an error when its write is damaged or its segment is missing", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const steps = await putChain(saver, emptyThread(), [{ turn: 0 }, { turn: 1 }]);
    await saver.putWrites(steps[0]!.config, [["log", noise(100_000)]], "task");
    const history = () =>
      createSaver({ keyPrefix }).getDeltaChannelHistory({ config: steps[1]!.config, channels: ["log"] });
    expect((await history()).log?.writes).toHaveLength(1);
    await deleteRaw((await segmentsOf(keyPrefix, steps[0]!))[0]!);
    await expect(history()).rejects.toMatchObject({
      code: "MISSING_DATA",
      checkpointId: steps[0]!.checkpoint.id,
      channel: "log",
    });
  });
});
