import type { Client } from "@langchain/langgraph-sdk";
import { endpoint, tableName } from "../lanes/savers/harness.js";
import { AGENT, createAgentClient } from "../../scripts/lib/demo/agent-client.js";
import { makeToken } from "../../scripts/lib/demo/token.js";
import { buildWorker, startWorker, type BuiltWorker } from "../../scripts/lib/demo/worker.js";

/**
 * The edge agent by LangGraph's own client, in a real workerd without Node compatibility, on DynamoDB Local and Ceph's
 * S3.
 */

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
/** Of {@link USER}, at the Worker that runs. */
export let client: Client;

/** Builds the Worker, and starts one, on the table that a test file has. */
export async function startAgent(): Promise<void> {
  token = await tokenOf(USER);
  built = await buildWorker();
  await startAgain();
}

/** Starts another one, in place of one that is gone. */
export async function startAgain(): Promise<void> {
  worker = await startWorker(built, { vars });
  client = clientOf();
}

export const stopAgent = (): Promise<void> => worker.kill();

export const clientOf = (url = worker.url, as = token) => createAgentClient({ url, token: as });

// oxlint-disable-next-line typescript/no-explicit-any -- JSON as it comes over the wire
export type Json = any;

export const newThread = async (of = client): Promise<string> => (await of.threads.create()).thread_id;

/** What the client itself would not send. */
export const request = (method: string, path: string, body?: unknown, url = worker.url, as = token) =>
  fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${as}`, "content-type": "application/json" },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });

type Payload = Parameters<Client["runs"]["stream"]>[2];
export type Events = { event: string; data: Json }[];

/** All events of a run. */
export async function play(thread: string, payload: Payload, of = client): Promise<Events> {
  const events: Events = [];
  const run = of.runs.stream(thread, AGENT, { streamMode: "updates", ...payload });
  for await (const { event, data } of run) events.push({ event, data });
  return events;
}

export const said = (content: string, id?: string) => ({
  messages: [{ role: "user", content, ...(id !== undefined && { id }) }],
});

export const say = (thread: string, message: string, of = client): Promise<Events> =>
  play(thread, { input: said(message) }, of);

export const resume = (thread: string, answer: unknown, of = client): Promise<Events> =>
  play(thread, { command: { resume: answer } }, of);

export const updates = (events: Events): Json[] =>
  events.filter(({ event }) => event === "updates").map(({ data }): Json => data);
export const asks = (events: Events): boolean => updates(events).some((data) => "__interrupt__" in data);
export const nodesOf = (events: Events): string[] => updates(events).flatMap((data) => Object.keys(data as object));
export const answerOf = (events: Events): Json => updates(events).at(-1)?.agent.messages[0].content;
export const valuesOf = async (thread: string, of = client): Promise<Json> =>
  (await of.threads.getState(thread)).values;
export const history = (thread: string, of = client) => of.threads.getHistory<Json>(thread, { limit: 100 });
