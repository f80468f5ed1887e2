import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { DynamoDBSaver, DynamoDBSaverEvent } from "langgraph-checkpoint-dynamodb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { emptyThread, putStep, valuesAt } from "./lanes/savers/checkpoints.js";
import { errorOf, readNothing } from "./lanes/faults/faulty-fetch.js";
import { createSaver, endpoint as dynamodb, type SaverOptions } from "./lanes/savers/harness.js";
import { listen } from "./lanes/servers/listen.js";

/*
 * The outages of behaviour/aws/outage.test.ts as Node meets them: real ports where nobody listens, or nobody answers.
 */

const CALLS = 200;
/** 500 tokens, 14 a retry. */
const RETRIES = 35;

beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(0));
afterEach(() => void vi.restoreAllMocks());

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const { port, stop } = await listen(createServer());
  await stop();
  return port;
}

/** Hands everything on to DynamoDB Local. */
async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const headers = {
    "content-type": request.headers["content-type"]!,
    "x-amz-target": request.headers["x-amz-target"] as string,
    authorization: request.headers.authorization!,
  };
  const answer = await fetch(dynamodb(), { method: "POST", headers, body: Buffer.concat(pieces) });
  response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
}

function saverAt(
  port: number,
  options: Partial<SaverOptions> = {},
): { saver: DynamoDBSaver; sent: () => number; most: () => number } {
  let sent = 0;
  let underWay = 0;
  let most = 0;
  const counted: NonNullable<SaverOptions["fetch"]> = async (url, init) => {
    sent++;
    most = Math.max(most, ++underWay);
    try {
      return await fetch(url, init);
    } finally {
      underWay--;
    }
  };
  return {
    saver: createSaver({ endpoint: `http://127.0.0.1:${port}`, fetch: counted, ...options }),
    sent: () => sent,
    most: () => most,
  };
}

const failing = (saver: DynamoDBSaver, calls = CALLS): Promise<Awaited<ReturnType<typeof errorOf>>[]> =>
  Promise.all(Array.from({ length: calls }, () => errorOf(readNothing(saver))));

test(
  "where nobody listens, 200 calls fail with 235 requests, and the saver works as soon as " + "somebody does",
  async () => {
    const port = await closedPort();
    const { saver, sent, most } = saverAt(port);

    for (const error of await failing(saver)) {
      expect(error).toMatchObject({
        code: "NETWORK",
        status: 0,
        retryable: true,
        message: expect.stringContaining("Check the endpoint"),
      });
      expect(error.cause).toMatchObject({ cause: { code: "ECONNREFUSED" } });
    }
    expect(sent()).toBe(CALLS + RETRIES);
    expect(most()).toBeLessThanOrEqual(50);
    await failing(saver, 100);
    expect(sent()).toBe(CALLS + RETRIES + 100);

    const { stop } = await listen(
      createHttpServer((request, response) => void forward(request, response)),
      port,
    );
    try {
      const step = await putStep(saver, emptyThread(), { value: "here" });
      expect(await valuesAt(saver, step.config)).toEqual({ value: "here" });
    } finally {
      await stop();
    }
  },
);

test("where nobody answers, 200 calls fail with 235 requests, and every connection is given up", async () => {
  // It reads, or it would not see the other end go.
  const { port, open, stop } = await listen(createServer((socket) => void socket.resume()));
  try {
    const watched = saverAt(port, { requestTimeoutMs: 250 });

    for (const error of await failing(watched.saver))
      expect(error).toMatchObject({ code: "TIMEOUT", status: 0, retryable: true });

    expect(watched.sent()).toBe(CALLS + RETRIES);
    await vi.waitFor(() => expect(open.size).toBe(0), 5_000);
  } finally {
    await stop();
  }
});

test("thousands of calls that fail leave nothing in memory: no signal, no timer, no error", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const signals: WeakRef<AbortSignal>[] = [];
  const errors: WeakRef<object>[] = [];
  const events: DynamoDBSaverEvent["type"][] = [];
  const saver = createSaver({
    signal: new AbortController().signal,
    onEvent: ({ type }) => void events.push(type),
    fetch: (_, { signal }) => {
      signals.push(new WeakRef(signal!));
      return Promise.reject(new TypeError("fetch failed"));
    },
  });
  for (let i = 0; i < 15; i++) for (const error of await failing(saver)) errors.push(new WeakRef(error));

  await vi.waitFor(() => {
    collect();
    const left = (refs: WeakRef<object>[]): number => refs.filter((ref) => ref.deref()).length;
    // The last one or two can stand in a register.
    expect([left(signals), left(errors)]).toEqual([
      expect.toSatisfy((count: number) => count < 5),
      expect.toSatisfy((count: number) => count < 5),
    ]);
  }, 10_000);
  expect(signals).toHaveLength(15 * CALLS + RETRIES);
  expect(events.filter((type) => type === "request")).toHaveLength(15 * CALLS);
});
