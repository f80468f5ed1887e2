import { describe, expect, test, vi } from "vitest";
import {
  collect,
  emptyThread,
  noise,
  putStep,
  sameJson,
  threadIdOf,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { moment, useJitter } from "../../lanes/faults/clock.js";
import {
  awsError,
  errorOf,
  observedSaver,
  type Fault,
  type ObservedSaver,
  type SentRequest,
} from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/*
 * Storms over batches. The rest of a batch is sent again 3 times in a row without progress (maxAttempts - 1), 4 batches
 * of a call are under way at once, and after one has failed no other is begun: so a call whose batches all stall sends
 * min(batches, 4) * 4 requests.
 */

useJitter(0);

type Writes = Record<string, object[]>;
const writesOf = ({ body }: SentRequest): Writes => (JSON.parse(body) as { RequestItems: Writes }).RequestItems;
const answer = (UnprocessedItems: Writes): Response => Response.json({ UnprocessedItems });

const unprocessed: Fault = (request) => answer(writesOf(request));
const throttled: Fault = () => awsError("ProvisionedThroughputExceededException");

/** Takes a half of each batch, rounded up. */
const halfDone: Fault = async (request) => {
  const [[table, writes]] = Object.entries(writesOf(request)) as [[string, object[]]];
  const done = Math.ceil(writes.length / 2);
  const body = JSON.stringify({ RequestItems: { [table]: writes.slice(0, done) } });
  // The signature does not fit any more: DynamoDB Local looks at none.
  const { status } = await fetch(request.url, { method: "POST", headers: request.headers, body });
  if (status !== 200) throw new Error(`The half was answered with ${status}.`);
  return answer(done < writes.length ? { [table]: writes.slice(done) } : {});
};

/** Takes one item of each batch. */
const oneDone: Fault = async (request) => {
  const [[table, [first, ...rest]]] = Object.entries(writesOf(request)) as [[string, [object, ...object[]]]];
  await fetch(request.url, {
    method: "POST",
    headers: request.headers,
    body: JSON.stringify({ RequestItems: { [table]: [first] } }),
  });
  return answer(rest.length > 0 ? { [table]: rest } : {});
};

/** A saver whose batches of writes meet a storm until it is over. */
function inStorm(
  storm: Fault,
  options: Parameters<typeof observedSaver>[1] = {},
): ObservedSaver & { keyPrefix: string; over: () => void; batches: () => number; most: () => number } {
  const keyPrefix = newPrefix();
  let isOver = false;
  let underWay = 0;
  let most = 0;
  const fault: Fault = async (request) => {
    most = Math.max(most, ++underWay);
    try {
      const met = !isOver && request.operation === "BatchWriteItem" ? await storm(request) : undefined;
      return met ?? (await request.forward());
    } finally {
      underWay--;
    }
  };
  const observed = observedSaver(fault, { keyPrefix, ...options });
  const batches = (): number => observed.sent.filter(({ operation }) => operation === "BatchWriteItem").length;
  return { ...observed, keyPrefix, over: () => (isOver = true), batches, most: () => most };
}

/** So many channels, each of which is a segment of its own. */
const channels = (count: number, seed = 1): Record<string, Uint8Array> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`channel ${i}`, noise(2_500, seed * 1_000 + i)]));

/** The latest state of a thread as another process sees it. */
const readAnew = (keyPrefix: string, threadId: string): Promise<Record<string, unknown> | undefined> =>
  valuesAt(createSaver({ keyPrefix }), { configurable: { thread_id: threadId } });

describe("a storm in which no write of a batch is taken", () => {
  test(
    "ends each put after 4 attempts of its batches, with nothing to be seen of it, and does no harm when " +
      "it is over",
    async () => {
      const storm = inStorm(unprocessed, { maxConcurrency: 7 });
      // 25 + 5 segments
      const puts = Array.from({ length: 5 }, (_, i) => ({ thread: emptyThread(), values: channels(30, i) }));

      const errors = await Promise.all(puts.map(({ thread, values }) => errorOf(putStep(storm.saver, thread, values))));

      for (const error of errors)
        expect(error).toMatchObject({
          code: "THROTTLED",
          operation: "BatchWriteItem",
          status: 200,
          attempts: 4,
          retryable: true,
          message: expect.stringMatching(/left \d+ items undone/),
        });
      expect(storm.batches()).toBe(5 * 2 * 4);
      expect(storm.most()).toBeLessThanOrEqual(7);
      for (const { thread } of puts) expect(await readAnew(storm.keyPrefix, threadIdOf(thread))).toBeUndefined();

      storm.over();
      for (const { thread, values } of puts) {
        await putStep(storm.saver, thread, values);
        expect(sameJson(await readAnew(storm.keyPrefix, threadIdOf(thread)), values)).toBe(true);
      }
    },
  );

  test("ends a large put after 4 attempts of 4 batches, and begins no fifth", async () => {
    const storm = inStorm(unprocessed);

    await errorOf(putStep(storm.saver, emptyThread(), channels(210))); // 9 batches

    const sent = storm.sent.length;
    expect(storm.batches()).toBe(4 * 4);
    for (let i = 0; i < 20; i++) await moment();
    expect(storm.sent).toHaveLength(sent);
  });
});

describe("a batch that gets on slowly", () => {
  test("is sent as often as it takes, with a wait each time, and is whole in the end", async () => {
    const share = 0.000_001;
    vi.spyOn(Math, "random").mockReturnValue(share);
    const { saver, keyPrefix, events, batches } = inStorm(oneDone);
    const thread = emptyThread();

    await putStep(saver, thread, channels(25));

    expect(batches()).toBe(25);
    expect(events.flatMap((event) => (event.type === "retry" ? [Math.round(event.delayMs / share)] : []))).toEqual(
      Array(24).fill(1_000),
    );
    expect(sameJson(await readAnew(keyPrefix, threadIdOf(thread)), channels(25))).toBe(true);
  });

  test("is whole though each answer leaves a half", async () => {
    const { saver, keyPrefix } = inStorm(halfDone);
    const thread = emptyThread();

    await putStep(saver, thread, channels(60));

    expect(sameJson(await readAnew(keyPrefix, threadIdOf(thread)), channels(60))).toBe(true);
  });
});

describe.each<[what: string, storm: Fault]>([
  ["throttles batches", throttled],
  ["takes nothing of a batch", unprocessed],
])("deleteThread while DynamoDB %s", (_, weather) => {
  // The thread's checkpoint is the first batch, its 130 segments are 6 more. Its marker is not deleted in a batch.
  test.each<[what: string, from: number, sent: number]>([
    ["from the beginning", 1, 4],
    ["when its checkpoint is deleted", 2, 1 + 4 * 4],
  ])("leaves a thread that is gone and still listed, and goes for good the next time: %s", async (_, from, sent) => {
    const storm = inStorm((request) => (storm.batches() >= from ? weather(request) : undefined));
    const step = await stored(storm, 130);
    const { keyPrefix } = storm;

    expect(await errorOf(storm.saver.deleteThread(threadIdOf(step)))).toMatchObject({
      code: "THROTTLED",
      operation: "BatchWriteItem",
      attempts: 4,
      retryable: true,
    });

    expect(storm.batches()).toBe(sent);
    expect(await readAnew(keyPrefix, threadIdOf(step))).toBeUndefined();
    expect(await collect(createSaver({ keyPrefix }).listThreads())).toMatchObject([{ threadId: threadIdOf(step) }]);

    storm.over();
    await storm.saver.deleteThread(threadIdOf(step));
    expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
  });
});

test("deleteThread leaves nothing though each answer leaves a half, and several run at once", async () => {
  const { saver, keyPrefix, most } = inStorm(halfDone, { maxConcurrency: 5 });
  const steps = await Promise.all([1, 2, 3].map(() => stored({ keyPrefix }, 40)));

  await Promise.all(steps.map((step) => saver.deleteThread(threadIdOf(step))));

  expect(await itemsWithPrefix(keyPrefix)).toEqual([]);
  expect(most()).toBeLessThanOrEqual(5);
});

/** A thread of so many items besides its checkpoint, put past the storm. */
async function stored({ keyPrefix }: { keyPrefix: string }, items: number): Promise<Step> {
  return putStep(createSaver({ keyPrefix }), emptyThread(), channels(items));
}
