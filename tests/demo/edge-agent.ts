import { once } from "node:events";
import { request as startRequest, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { expect } from "vitest";
import { endpoint, tableName } from "../lanes/savers/harness.js";
import { serverSentEvents } from "../../scripts/lib/demo/agent-client.js";
import { makeToken } from "../../scripts/lib/demo/token.js";
import { buildWorker, startWorker, type BuiltWorker } from "../../scripts/lib/demo/worker.js";

/** The edge agent over HTTP, in a real workerd without Node compatibility, on DynamoDB Local and Ceph's S3. */

export const USER = "tester";
const SECRET = crypto.randomUUID();
export const vars = {
  AUTH_SECRET: SECRET,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "localSecret",
  AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
  DYNAMODB_TABLE_NAME: tableName(),
};

export const tokenOf = (user: string) => makeToken({ secret: SECRET, user, hours: 1 });

let token: string;
export let built: BuiltWorker;
export let worker: Awaited<ReturnType<typeof startWorker>>;
let threads = 0;

/** Builds the Worker, and starts one, on the table that a test file has. */
export async function startAgent(): Promise<void> {
  token = await tokenOf(USER);
  built = await buildWorker();
  await startAgain();
}

/** Starts another one, in place of one that is gone. */
export async function startAgain(): Promise<void> {
  worker = await startWorker(built, { vars });
}

export const stopAgent = (): Promise<void> => worker.kill();

// oxlint-disable-next-line typescript/no-explicit-any -- JSON as it comes over the wire
export type Json = any;

export const newThread = () => `/threads/t-${Date.now()}-${(threads += 1)}`;

export const authorization = (as = token) => ({ authorization: `Bearer ${as}` });

export const request = (method: string, path: string, body?: unknown, url = worker.url, as = token) =>
  fetch(url + path, {
    method,
    headers: { ...authorization(as), "content-type": "application/json" },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });

export async function get(path: string): Promise<Json> {
  const response = await request("GET", path);
  expect(response.status, path).toBe(200);
  return response.json();
}

/** Posts and collects all events of the run. */
export async function play(path: string, body: unknown, url?: string, as?: string) {
  const response = await request("POST", path, body, url, as);
  expect(response.status, path).toBe(200);
  expect(response.headers.get("content-type")).toMatch("text/event-stream");
  const events = [];
  for await (const event of serverSentEvents(response)) events.push(event);
  return events;
}

type Events = Awaited<ReturnType<typeof play>>;

export const statusOf = (events: Events): Json => events.at(-1)?.data.status;
export const nodesOf = (events: Events) =>
  events.filter((e) => e.event === "updates").flatMap((e) => Object.keys(e.data as object));
export const answerOf = (events: Events): Json =>
  events.findLast((e) => e.event === "updates")?.data.agent.messages[0].content;
export const history = async (thread: string): Promise<Json[]> =>
  (await get(`${thread}/history?limit=100`)).checkpoints;

/**
 * Begins a request that says how long it will be. The answer is there before the body is: who went on sending would
 * meet a closed connection.
 */
export async function announce(method: string, path: string, contentLength: number): Promise<Response> {
  const begun = startRequest(`${worker.url}${path}`, {
    method,
    headers: { ...authorization(), "content-type": "application/json", "content-length": contentLength },
  });
  begun.flushHeaders();
  const [answer] = (await once(begun, "response")) as [IncomingMessage];
  const response = Response.json(await json(answer), { status: answer.statusCode ?? 0 });
  begun.destroy();
  return response;
}

export async function expectError(response: Response, status: number, code: string, says: RegExp) {
  const body = await response.json();
  expect({ status: response.status, body }).toEqual({
    status,
    body: { error: { code, message: expect.stringMatching(says) } },
  });
}
