import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { emptyThread, noiseText, putStep, type Step } from "./checkpoints.js";

const snapshot = new DeltaSnapshot(["a", noiseText(3_000, 60)]);
const writes = ["b", noiseText(66_000, 61), "c"];

/**
 * A thread whose `DeltaChannel` `log` is stored in full in its first checkpoint, and is rebuilt in the later ones from
 * that and from what tasks wrote. Another channel stays as it is.
 * @param ttlSeconds how long all of it lives, if not as long as the saver's option says
 */
export async function putDeltaThread(saver: DynamoDBSaver, threadId: string, ttlSeconds?: number): Promise<Step[]> {
  const living = livingFor(ttlSeconds);
  const first = await putStep(
    saver,
    living(emptyThread(threadId)),
    { log: snapshot, document: noiseText(2_000, 62) },
    { id: "1" },
  );
  await saver.putWrites(
    living(first).config,
    [
      ["log", writes[0]],
      ["log", writes[1]],
    ],
    "task 1",
  );
  const second = await putDeltaStep(saver, living(first), "2", 1);
  await saver.putWrites(living(second).config, [["log", writes[2]]], "task 2");
  return [first, second];
}

/**
 * The checkpoint after a superstep in which a task has written to `log`, `supersteps` after the one that has it in
 * full.
 */
export async function putDeltaStep(saver: DynamoDBSaver, parent: Step, id: string, supersteps: number): Promise<Step> {
  const { log: _, ...values } = parent.checkpoint.channel_values;
  const before = { config: parent.config, checkpoint: { ...parent.checkpoint, channel_values: values } };
  const step = await putStep(
    saver,
    before,
    { n: supersteps },
    {
      id,
      metadata: { counters_since_delta_snapshot: { log: [supersteps, supersteps] } },
      newVersions: { n: supersteps, log: supersteps + 1 },
    },
  );
  return step;
}

/** Makes calls that go on from a step have a ttl of their own. */
export const livingFor =
  (ttlSeconds: number | undefined) =>
  ({ config, checkpoint }: Step): Step => ({
    config: { configurable: { ...config.configurable, ...(ttlSeconds !== undefined && { ttl_seconds: ttlSeconds }) } },
    checkpoint,
  });
