import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { operationsOf, s3Error, xml, type AwsRequest, type Intercept } from "../../lanes/stored/aws-requests.js";
import { emptyThread, noise, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { errorOf, nothingFound, observedSaver, readNothing } from "../../lanes/faults/faulty-fetch.js";
import { itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { keysAt, newPlace, saverAt, type Place } from "../../lanes/savers/s3-saver.js";

/*
 * Answers of status 200 that do not come from AWS: a sign-in page, another service's JSON, half a document. None of
 * them may pass for success.
 */

useJitter(0);

const page = (): Response =>
  new Response("<!DOCTYPE html><html><body>Sign in to this network</body></html>", {
    headers: { "content-type": "text/html" },
  });
const json = (text: string) => (): Response => new Response(text, { headers: { "content-type": "application/json" } });

/**
 * A thread of which some lies in S3, some in segments of the table, and some in the items of its checkpoint and its
 * writes.
 */
async function useEverything(saver: DynamoDBSaver): Promise<Step> {
  const step = await putStep(saver, emptyThread("t"), {
    object: noise(6_000),
    segment: noise(3_000, 2),
    other: noise(3_000, 3),
    small: 1,
  });
  await saver.putWrites(step.config, [["channel", "value"]], "task");
  return step;
}

async function expectWhole(place: Place, { config, checkpoint }: Step): Promise<void> {
  const tuple = await saverAt(place).saver.getTuple(config);
  expect(tuple?.checkpoint.channel_values).toEqual(checkpoint.channel_values);
  expect(tuple?.pendingWrites).toEqual([["task", "channel", "value"]]);
}

/** The first request of each operation meets this answer. */
function firstOfEach(answer: (request: AwsRequest) => Response): { intercept: Intercept; met: Set<string> } {
  const met = new Set<string>();
  return {
    met,
    intercept: (request) => {
      if (met.has(request.operation)) return undefined;
      met.add(request.operation);
      return answer(request);
    },
  };
}

const writes = ["UpdateItem", "PutItem", "BatchWriteItem", "PutObject"];

describe.each<[what: string, answer: () => Response]>([
  ["a page of HTML", page],
  ["a text in JSON", json('"ok"')],
  ["a number in JSON", json("1")],
  ["a list in JSON", json("[]")],
  ["null in JSON", json("null")],
  ["true in JSON", json("true")],
  ["half an object", json('{"Attributes":{"born":{"S":"x')],
  ["nothing but a space", json(" ")],
])("%s instead of an answer", (_, answer) => {
  test("is no success of any write: each is sent again, and what is acknowledged is there", async () => {
    const place = newPlace();
    const { intercept, met } = firstOfEach(answer);
    const { saver, sent } = saverAt(place, intercept);

    const step = await useEverything(saver);

    for (const operation of writes) expect([...met]).toContain(operation);
    for (const operation of met)
      expect(
        operationsOf(sent).filter((sentOperation) => sentOperation === operation).length,
        operation,
      ).toBeGreaterThanOrEqual(2);
    await expectWhole(place, step);
  });

  test("at every attempt ends each write as an error that says so, and nothing of it is to be seen", async () => {
    for (const operation of writes) {
      const place = newPlace();
      const { saver } = saverAt(place, (request) => (request.operation === operation ? answer() : undefined));

      const error = await errorOf(useEverything(saver));

      expect(error).toMatchObject({
        code: "NETWORK",
        operation,
        status: 200,
        attempts: 4,
        retryable: true,
        message: expect.stringContaining("did not come from AWS"),
      });
      expect(error.cause).toBeUndefined(); // it would quote the answer
      const tuple = await saverAt(place).saver.getTuple({ configurable: { thread_id: "t" } });
      expect(tuple, operation).toBeUndefined();
    }
  });

  test("is neither a thread that does not exist nor one that is deleted", async () => {
    const place = newPlace();
    const step = await useEverything(saverAt(place).saver);
    const reading = firstOfEach((request) =>
      request.operation === "GetObject" ? s3Error(500, "InternalError") : answer(),
    );
    expect(await valuesAt(saverAt(place, reading.intercept).saver, step.config)).toEqual(
      step.checkpoint.channel_values,
    );
    expect([...reading.met]).toEqual(expect.arrayContaining(["Query", "BatchGetItem"]));

    const deleting = firstOfEach(answer);
    await saverAt(place, deleting.intercept).saver.deleteThread("t");
    expect([...deleting.met]).toEqual(expect.arrayContaining(["Query", "BatchWriteItem", "DeleteObjects"]));
    expect([await itemsWithPrefix(place.keyPrefix), await keysAt(place)]).toEqual([[], []]);
  });
});

describe("an answer whose result has another shape", () => {
  test.each(['{"Items":null}', '{"Items":{}}', '{"Items":"none"}', '{"Count":0}', '{"items":[]}'])(
    "is no answer to a Query: %s",
    async (text) => {
      const { saver, sent } = observedSaver((request) => (request.number <= 3 ? json(text)() : nothingFound(request)));

      await readNothing(saver);

      expect(sent).toHaveLength(4);
    },
  );

  test.each(['{"Responses":null}', '{"Responses":[]}', '{"Responses":"none"}', "{}"])(
    "is no answer to a BatchGetItem: %s",
    async (text) => {
      const place = newPlace();
      const step = await useEverything(saverAt(place).saver);
      let met = 0;
      const { saver } = saverAt(place, (request) =>
        request.operation === "BatchGetItem" && ++met <= 3 ? json(text)() : undefined,
      );

      expect(await valuesAt(saver, step.config)).toEqual(step.checkpoint.channel_values);
      expect(met).toBe(4);
    },
  );
});

test("a page of HTML instead of an object is told from the object, and is not kept", async () => {
  const place = newPlace();
  const step = await useEverything(saverAt(place).saver);
  const { intercept } = firstOfEach((request) => (request.operation === "GetObject" ? page() : (undefined as never)));
  const { saver } = saverAt(place, intercept);

  const first = await valuesAt(saver, step.config).catch((error: unknown) => error);
  if (first instanceof Error) expect(first).toMatchObject({ code: "DAMAGED_DATA", channel: "object" });
  else expect(first).toEqual(step.checkpoint.channel_values);

  expect(await valuesAt(saver, step.config)).toEqual(step.checkpoint.channel_values);
});

describe("DeleteObjects that says SlowDown for single objects", () => {
  const slow = (): Response =>
    xml(
      "<DeleteResult><Error><Key>k</Key><Code>SlowDown</Code><Message>Reduce your request " +
        "rate.</Message></Error></DeleteResult>",
    );

  test("is throttling: it is waited for as long, and named in the end", async () => {
    const place = newPlace();
    await useEverything(saverAt(place).saver);
    const { saver, events } = saverAt(place, (request) => (request.operation === "DeleteObjects" ? slow() : undefined));

    expect(await errorOf(saver.deleteThread("t"))).toMatchObject({
      code: "THROTTLED",
      service: "s3",
      operation: "DeleteObjects",
      serviceCode: "SlowDown",
      attempts: 4,
      retryable: true,
    });
    expect(events.filter(({ type }) => type === "retry")).toMatchObject(
      Array(3).fill({ operation: "DeleteObjects", reason: "SlowDown" }),
    );
    await saverAt(place).saver.deleteThread("t");
    expect([await itemsWithPrefix(place.keyPrefix), await keysAt(place)]).toEqual([[], []]);
  });
});

describe("a fetch option", () => {
  const broken: [what: string, fetch: () => unknown][] = [
    [
      "throws before it returns a promise",
      () => {
        throw new TypeError("Illegal invocation");
      },
    ],
    ["returns nothing", () => undefined],
    ["returns a promise of nothing", () => Promise.resolve()],
    ["returns null", () => Promise.resolve(null)],
    ["returns a text", () => Promise.resolve("{}")],
    ["returns an object of its own", () => Promise.resolve({ ok: true, data: {} })],
    [
      "returns an answer without headers",
      () => Promise.resolve({ status: 200, arrayBuffer: () => Promise.resolve(new ArrayBuffer(0)) }),
    ],
    [
      "returns headers that are no Headers",
      () =>
        Promise.resolve({
          status: 200,
          headers: {},
          arrayBuffer: () => Promise.resolve(new TextEncoder().encode('{"Items":[]}').buffer),
        }),
    ],
    ["returns an answer without a body to read", () => Promise.resolve({ status: 200, headers: new Headers() })],
    [
      "returns an answer that was " + "read already",
      async () => {
        const answer = Response.json({ Items: [] });
        await answer.text();
        return answer;
      },
    ],
    ["returns Response.error()", () => Promise.resolve(Response.error())],
    ["rejects with nothing", () => Promise.reject()],
    ["rejects with a text", () => Promise.reject("no")],
  ];

  test.each(broken)("that %s ends the call with an error of ours, after maxAttempts at most", async (_, fetch) => {
    let calls = 0;
    const { saver, events } = observedSaver(undefined, {
      fetch: () => {
        calls++;
        return fetch() as Promise<Response>;
      },
    });

    const error = await errorOf(readNothing(saver));

    expect(error).toMatchObject({ name: "AwsRequestError", code: "NETWORK", operation: "Query", status: 0 });
    expect(calls).toBeLessThanOrEqual(4);
    expect(error.attempts).toBe(calls);
    expect(events.at(-1)).toMatchObject({ type: "request", attempts: calls, error: "NETWORK" });
  });
});
