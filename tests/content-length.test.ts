import { createServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { errorOf, readNothing } from "./lanes/faults/faulty-fetch.js";
import { createSaver } from "./lanes/savers/harness.js";
import { listen, type Listening } from "./lanes/servers/listen.js";

/*
 * Answers whose framing is wrong, byte by byte on a socket: what Node's own `fetch` makes of them is what the saver
 * gets. Needs no server.
 */

const BODY = '{"Items":[],"Count":0,"ScannedCount":0}';
const whole = (socket: Socket): void =>
  void socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\nconnection: close\r\n\r\n${BODY}`);

let server: Listening;
let endpoint: string;
let answer: (socket: Socket, request: number) => void;
let requests: number;

beforeAll(async () => {
  server = await listen(
    createServer((socket) => {
      // One request a connection; its head and its body may come in two pieces.
      let received = "";
      socket.on("data", (piece) => {
        received += piece.toString("latin1");
        const [head, body] = received.split("\r\n\r\n");
        if (body === undefined || body.length < Number(/content-length: (\d+)/i.exec(head!)![1])) return;
        received = "";
        answer(socket, ++requests);
      });
    }),
  );
  endpoint = server.url;
});

beforeEach(() => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  requests = 0;
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(() => server.stop());

const head = (fields: string): string => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`;

const wrong: [what: string, code: string, answer: (socket: Socket) => void][] = [
  [
    "a content-length that is longer than the body, and the connection closed",
    "NETWORK",
    (socket) => socket.end(head(`content-length: ${BODY.length + 10}`) + BODY),
  ],
  [
    "a content-length that is longer than the body, and the connection held",
    "TIMEOUT",
    (socket) => socket.write(head(`content-length: ${BODY.length + 10}`) + BODY),
  ],
  [
    "a content-length that is shorter than the body",
    "NETWORK",
    (socket) => socket.end(head(`content-length: ${BODY.length - 10}`) + BODY),
  ],
  ["a content-length of 0", "NETWORK", (socket) => socket.end(head("content-length: 0") + BODY)],
  ["a content-length that is no number", "NETWORK", (socket) => socket.end(head("content-length: many") + BODY)],
  [
    "two lengths that differ",
    "NETWORK",
    (socket) => socket.end(head(`content-length: 10\r\ncontent-length: ${BODY.length}`) + BODY),
  ],
  [
    "chunks of which the last is missing",
    "NETWORK",
    (socket) => socket.end(`${head("transfer-encoding: chunked")}${BODY.length.toString(16)}\r\n${BODY}\r\n`),
  ],
  [
    "a chunk that is shorter than it says",
    "NETWORK",
    (socket) => socket.end(`${head("transfer-encoding: chunked")}ff\r\n${BODY}\r\n0\r\n\r\n`),
  ],
  [
    "no length, and a body that breaks off",
    "NETWORK",
    (socket) => socket.end(head("connection: close") + BODY.slice(0, -10)),
  ],
  ["a head that breaks off", "NETWORK", (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-le")],
  ["no HTTP at all", "NETWORK", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")],
  ["nothing, and the connection closed", "NETWORK", (socket) => socket.end()],
];

describe.each(wrong)("an answer with %s", (_, code, wrongAnswer) => {
  test("is asked for again", async () => {
    answer = (socket, request) => (request <= 2 ? wrongAnswer : whole)(socket);

    await readNothing(createSaver({ endpoint, requestTimeoutMs: 300 }));

    expect(requests).toBe(3);
  });

  test("ends at the fourth attempt, and leaves no connection open", async () => {
    answer = wrongAnswer;

    expect(await errorOf(readNothing(createSaver({ endpoint, requestTimeoutMs: 300 })))).toMatchObject({
      code,
      attempts: 4,
      retryable: true,
    });
    expect(requests).toBe(4);
    await vi.waitFor(() => expect(server.open.size).toBe(0), 5_000);
  });
});

test("an answer without a length that is whole is taken", async () => {
  answer = (socket) => socket.end(head("connection: close") + BODY);

  await readNothing(createSaver({ endpoint }));

  expect(requests).toBe(1);
});
