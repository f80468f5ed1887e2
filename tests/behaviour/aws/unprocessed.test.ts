import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test, vi } from "vitest";
import { useJitter } from "../../lanes/faults/clock.js";
import {
  errorOf,
  observedSaver,
  type Fault,
  type ObservedSaver,
  type SentRequest,
} from "../../lanes/faults/faulty-fetch.js";
import { tableName } from "../../lanes/savers/harness.js";
import { onDynamoDBLocal } from "../../lanes/servers/real-servers.js";

useJitter(0);

const config = { configurable: { thread_id: "t" } };

/** Random, so that it neither shrinks nor equals another: it becomes a segment of its own. */
const value = (): Uint8Array => crypto.getRandomValues(new Uint8Array(5_000));

/** Stores a checkpoint of 3 segments, and makes a saver that has not seen it. */
async function stored(fault: Fault): Promise<ObservedSaver & { values: Record<string, Uint8Array> }> {
  const keyPrefix = `${crypto.randomUUID()}#`;
  const values = { a: value(), b: value(), c: value() };
  const versions = { a: 1, b: 1, c: 1 };
  const checkpoint = { ...emptyCheckpoint(), channel_values: values, channel_versions: versions };
  await observedSaver(undefined, { keyPrefix }).saver.put(
    config,
    checkpoint,
    { source: "input", step: -1, parents: {} },
    versions,
  );
  return { values, ...observedSaver(fault, { keyPrefix }) };
}

/** The first `times` batches of this operation meet the fault. */
function batches(operation: string, times: number, fault: Fault): Fault {
  let met = 0;
  return (request) => (request.operation === operation && met++ < times ? fault(request) : undefined);
}

interface Key {
  SK: { S: string };
}
type Keys = Record<string, { Keys: Key[]; ConsistentRead?: boolean }>;

const requestItems = ({ body }: SentRequest): Keys => (JSON.parse(body) as { RequestItems: Keys }).RequestItems;
const nothingWritten: Fault = (request) => Response.json({ UnprocessedItems: requestItems(request) });
const nothingRead: Fault = (request) => Response.json({ Responses: {}, UnprocessedKeys: requestItems(request) });

/** Leaves one key out, as DynamoDB does when the answer would be too large. */
const allButOneRead: Fault = async (request) => {
  const [table, { Keys }] = Object.entries(requestItems(request))[0]!;
  const left = Keys.at(-1)!;
  const body = await (await request.forward()).arrayBuffer(); // workerd warns of `.json()` for DynamoDB's content type
  const { Responses } = JSON.parse(new TextDecoder().decode(body)) as { Responses: Record<string, Key[]> };
  const read = Responses[table]!.filter((item) => item.SK.S !== left.SK.S);
  return Response.json({ Responses: { [table]: read }, UnprocessedKeys: { [table]: { Keys: [left] } } });
};

const read = async (saver: DynamoDBSaver): Promise<unknown> =>
  (await saver.getTuple(config))?.checkpoint.channel_values;
const count = (sent: SentRequest[], operation: string): number =>
  sent.filter((request) => request.operation === operation).length;

describe("the rest that a batch leaves", () => {
  test("is read again until nothing is left", async () => {
    const { saver, sent, values } = await stored(batches("BatchGetItem", 3, nothingRead));

    expect(await read(saver)).toEqual(values);
    expect(count(sent, "BatchGetItem")).toBe(4);
  });

  test("is deleted again until nothing is left", async () => {
    const { saver, sent } = await stored(batches("BatchWriteItem", 3, nothingWritten));

    await saver.deleteThread("t");

    expect(await read(saver)).toBeUndefined();
    expect(await saver.listThreads().next()).toMatchObject({ done: true });
    expect(count(sent, "BatchWriteItem")).toBeGreaterThanOrEqual(4);
  });

  test("is all that is asked for the next time, without a wait when it got shorter", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { saver, sent, events, values } = await stored(batches("BatchGetItem", 1, allButOneRead));

    expect(await read(saver)).toEqual(values);

    const asked = sent
      .filter(({ operation }) => operation === "BatchGetItem")
      .map((request) => requestItems(request)[tableName()]!.Keys.length);
    expect(asked).toEqual([3, 1]);
    expect(events.filter(({ type }) => type === "retry")[0]).toMatchObject({ reason: "UNPROCESSED", delayMs: 0 });
  });

  test("keeps the read consistent", async () => {
    const { saver, sent } = await stored(batches("BatchGetItem", 1, nothingRead));

    await read(saver);

    const consistent = sent
      .filter(({ operation }) => operation === "BatchGetItem")
      .map((request) => requestItems(request)[tableName()]!.ConsistentRead);
    expect(consistent).toEqual([true, true]);
  });

  test.each<[what: string, operation: string, fault: Fault, call: (saver: DynamoDBSaver) => Promise<unknown>]>([
    ["read", "BatchGetItem", nothingRead, read],
    ["deleted", "BatchWriteItem", nothingWritten, (saver) => saver.deleteThread("t")],
    [
      "written",
      "BatchWriteItem",
      nothingWritten,
      (saver) => {
        const versions = { a: 1, b: 1 };
        const checkpoint = {
          ...emptyCheckpoint(),
          channel_values: { a: value(), b: value() },
          channel_versions: versions,
        };
        return saver.put(config, checkpoint, { source: "input", step: -1, parents: {} }, versions);
      },
    ],
  ])("ends in THROTTLED when it is never %s", async (_, operation, fault, call) => {
    const { saver, sent, events } = await stored(batches(operation, Infinity, fault));

    expect(await errorOf(call(saver))).toMatchObject({
      code: "THROTTLED",
      service: "dynamodb",
      operation,
      status: 200,
      attempts: 4,
      retryable: true,
      message: expect.stringMatching(/left \d items? undone.*capacity/),
    });
    expect(count(sent, operation)).toBe(4);
    expect(events.filter(({ type }) => type === "retry")).toMatchObject(
      [1, 2, 3].map(() => ({ operation, reason: "UNPROCESSED" })),
    );
  });

  test.each<[what: string, operation: string, call: (saver: DynamoDBSaver) => Promise<unknown>]>([
    ["read", "BatchGetItem", read],
    ["deleted", "BatchWriteItem", (saver) => saver.deleteThread("t")],
  ])("ends in THROTTLED when it shrinks and grows again for ever, and is never all %s", async (_, operation, call) => {
    let asked = 0;
    const tide: Fault = (request) => {
      if (++asked > 100) throw new Error("There is no end to it.");
      const [[table, rest]] = Object.entries(requestItems(request)) as [[string, { Keys: Key[] } & Key[]]];
      const all = rest.Keys ?? rest;
      const some = asked % 2 === 1 ? all.slice(0, 1) : [all[0]!, all[0]!];
      return Response.json(
        operation === "BatchGetItem"
          ? { Responses: {}, UnprocessedKeys: { [table]: { Keys: some } } }
          : { UnprocessedItems: { [table]: some } },
      );
    };
    const { saver, sent } = await stored(batches(operation, Infinity, tide));

    expect(await errorOf(call(saver))).toMatchObject({ code: "THROTTLED", operation });
    expect(count(sent, operation)).toBeLessThanOrEqual(3 + 4);
  });

  onDynamoDBLocal("is found under the table's name, where the table was named by its ARN", async () => {
    const name = tableName();
    const arn = `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;
    const keyPrefix = `${crypto.randomUUID()}#`;
    const byName: Fault = (request) =>
      Response.json({ UnprocessedItems: { [name]: Object.values(requestItems(request))[0] } });
    const writer = observedSaver(batches("BatchWriteItem", 2, byName), { keyPrefix, tableName: arn });
    const values = { a: value(), b: value(), c: value() };
    const versions = { a: 1, b: 1, c: 1 };
    await writer.saver.put(
      config,
      { ...emptyCheckpoint(), channel_values: values, channel_versions: versions },
      { source: "input", step: -1, parents: {} },
      versions,
    );
    expect(count(writer.sent, "BatchWriteItem")).toBe(3);

    const keysByName: Fault = (request) =>
      Response.json({
        Responses: { [name]: [] },
        UnprocessedKeys: { [name]: Object.values(requestItems(request))[0] },
      });
    const reader = observedSaver(batches("BatchGetItem", 2, keysByName), { keyPrefix, tableName: arn });
    expect(await read(reader.saver)).toEqual(values);
    expect(count(reader.sent, "BatchGetItem")).toBe(3);
  });

  test("is waited for, longer each time, like other throttling", async () => {
    const share = 0.000_001;
    vi.spyOn(Math, "random").mockReturnValue(share);
    const { saver, events } = await stored(batches("BatchGetItem", 3, nothingRead));

    await read(saver);

    const [once, twice, thrice] = events
      .filter((event) => event.type === "retry")
      .map(({ delayMs }) => Math.round(delayMs / share));
    expect(once).toBeGreaterThanOrEqual(1_000);
    expect([twice, thrice]).toEqual([once! * 2, once! * 4]);
  });
});
