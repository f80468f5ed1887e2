import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { claimPort } from "../../scripts/lib/servers/ports.js";

// oxlint-disable-next-line typescript/no-explicit-any -- JSON as it comes over the wire
export type Json = any;

const script = fileURLToPath(new URL("../../scripts/start.js", import.meta.url));

let data: string;
let child: ChildProcess;
export let url: string;
let token: string;
export let dynamodb: string;
export let s3: string;
let threads = 0;

/** Runs `npm start` on ports and in a folder of its own. */
export async function startAgent(): Promise<void> {
  data = await mkdtemp(join(tmpdir(), "page-"));
  const [port, dynamodbPort, s3Port] = [
    await claimPort(0, "the Worker"),
    await claimPort(0, "DynamoDB"),
    await claimPort(0, "S3"),
  ];
  [url, dynamodb, s3] = [port, dynamodbPort, s3Port].map((number) => `http://127.0.0.1:${number}`) as [
    string,
    string,
    string,
  ];
  const options = [
    "--port",
    String(port),
    "--dynamodb-port",
    String(dynamodbPort),
    "--s3-port",
    String(s3Port),
    "--data",
    data,
  ];
  child = spawn(process.execPath, [script, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  token = await new Promise<string>((resolve, reject) => {
    let printed = "";
    const read = (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes("Ctrl-C ends it")) resolve(/#token=(\S+)/.exec(printed)?.[1] ?? "");
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("close", () => reject(new Error(printed)));
  });
}

export async function stopAgent(): Promise<void> {
  child.kill("SIGINT");
  await once(child, "close");
  await rm(data, { recursive: true, force: true });
}

/** A refusal does not wait for the body, and ends the connection. */
export const headers = (as = token) => ({
  authorization: `Bearer ${as}`,
  "content-type": "application/json",
  connection: "close",
});

/** What the owner of the threads sends, unless it says something else. */
export async function send(
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<{ status: number; body: Json; text: string }> {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers(), ...more },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    body: response.headers.get("content-type")?.includes("application/json") ? JSON.parse(text) : undefined,
  };
}

export const stateOf = async (thread: string): Promise<Json> => (await send("GET", `${thread}/state`)).body;

/** What approves a refund. */
export const APPROVAL = { assistant_id: "agent", command: { resume: { approve: true } } };

/** A thread in which the agent asks whether it may refund an order. */
export async function waitingRefund(): Promise<string> {
  const thread = `/threads/refund-${(threads += 1)}`;
  await send("POST", `${thread}/runs/wait`, {
    assistant_id: "agent",
    if_not_exists: "create",
    input: { messages: [{ role: "user", content: "Please refund order 1042" }] },
  });
  expect(await stateOf(thread)).toMatchObject({ next: ["approval"], values: { refunds: [] } });
  return thread;
}
