import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect } from "vitest";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noise,
  noiseText,
  putStep,
  sameBytes,
  threadIdOf,
  valuesAt,
} from "../savers/checkpoints.js";
import { faultOf, type FaultName } from "./faults.js";
import { createSaver, type SaverOptions } from "../savers/harness.js";
import { itemsOf } from "../stored/raw-table.js";
import { keysAt, type Place } from "../savers/s3-saver.js";

/**
 * A provider as of temporary credentials: it never gives the same object twice. DynamoDB Local and Ceph take no tokens.
 */
export function renewing(credentials: { accessKeyId: string; secretAccessKey: string }): {
  credentials: () => Promise<typeof credentials>;
  asked: () => number;
} {
  let asked = 0;
  return { asked: () => asked, credentials: async () => ({ ...credentials, asked: ++asked }) };
}

/**
 * Where a fault is that nobody answers, it is waited for a dozen times. A busy machine can be that slow by itself now
 * and then.
 */
export const patience = (name: FaultName): Partial<SaverOptions> =>
  faultOf(name).endsAs === "TIMEOUT" ? { requestTimeoutMs: 500, maxAttempts: 8 } : {};

/** Every kind of call, with small values and large ones, and what must come of it whatever fails on the way. */
export async function everyCall(
  place: Pick<Place, "keyPrefix"> & Partial<Place>,
  options: Partial<SaverOptions>,
): Promise<void> {
  const make = (): DynamoDBSaver => createSaver({ ...place, ...options });
  const writer = make();
  const one = await putStep(writer, emptyThread(), { small: "one", document: noise(6_000, 1), other: noise(7_000, 2) });
  await writer.putWrites(
    one.config,
    [
      ["small", "written"],
      ["document", noise(70_000, 3)],
    ],
    "task",
  );
  await writer.putWrites(one.config, [["small", "too late"]], "task");
  const two = await putStep(writer, one, { small: "two", text: noiseText(3_000, 4) });
  const threadId = threadIdOf(one);

  for (const reader of [writer, make()]) {
    const latest = (await reader.getTuple(latestOf(two)))!;
    expect(latest.checkpoint.id).toBe(two.checkpoint.id);
    const { document, other, ...rest } = latest.checkpoint.channel_values;
    expect(rest).toEqual({ small: "two", text: noiseText(3_000, 4) });
    expect([sameBytes(document, noise(6_000, 1)), sameBytes(other, noise(7_000, 2))]).toEqual([true, true]);

    const [small, large, ...more] = (await reader.getTuple(one.config))!.pendingWrites!;
    expect([small, large!.slice(0, 2), more]).toEqual([["task", "small", "written"], ["task", "document"], []]);
    expect(sameBytes(large![2], noise(70_000, 3))).toBe(true);
    expect(idsOf(await collect(reader.list(latestOf(one))))).toEqual([two.checkpoint.id, one.checkpoint.id]);
    expect((await collect(reader.listThreads())).map((thread) => thread.threadId)).toEqual([threadId]);
  }

  await make().deleteThread(threadId);
  expect(await itemsOf(place.keyPrefix, threadId)).toEqual([]);
  if (place.s3) expect(await keysAt(place as Place)).toEqual([]);
  expect(await valuesAt(make(), latestOf(two))).toBeUndefined();
  expect(await collect(make().listThreads())).toEqual([]);
}
