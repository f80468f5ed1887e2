import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect } from "vitest";
import { startEmbeddedDynamoDB } from "../../scripts/lib/servers/embedded-dynamodb.js";
import { claimPort } from "../../scripts/lib/servers/ports.js";
import { collect } from "../lanes/savers/checkpoints.js";
import { createSaver } from "../lanes/savers/harness.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export const data = mkdtempSync(join(tmpdir(), "examples-"));

/** What was started and has not ended. */
export const running = new Set<ChildProcess>();

export function start(args: string[]): { child: ChildProcess; printed: { output: string; errors: string } } {
  const child = spawn(process.execPath, ["scripts/example.js", ...args], {
    cwd: root,
    env: { ...process.env, EXAMPLES_DATA: data, PORT: "0", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  const printed = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.errors += text));
  return { child, printed };
}

/** Runs an example that serves, for as long as `use` takes. */
export async function serving<T>(name: string, use: (url: string) => Promise<T>): Promise<T> {
  const { child, printed } = start([name]);
  const url = await new Promise<string>((resolve, reject) => {
    child.once("close", () => reject(new Error(`It ended: ${printed.errors}`)));
    child.stdout!.on("data", () => {
      const listening = /Listening at (http:\S+?)\/?\s/.exec(printed.output);
      if (listening) resolve(listening[1]!);
    });
  });
  try {
    expect(printed.output).toMatch(name === "server-react" ? /Ctrl-C ends it/ : /Ctrl-C ends it[^]*curl /);
    return await use(url);
  } finally {
    child.kill();
    const [code] = (await once(child, "close")) as [number | null];
    expect(code, printed.errors).toBe(0);
  }
}

/** Looks into the table that an example left. */
export async function inTable<T>(name: string, look: (saver: DynamoDBSaver) => Promise<T>): Promise<T> {
  const { endpoint, stop } = await startEmbeddedDynamoDB({
    path: join(data, name, "dynamodb"),
    port: await claimPort(0, "DynamoDB"),
  });
  try {
    return await look(createSaver({ endpoint, tableName: "langgraph-checkpoints", keyPrefix: "" }));
  } finally {
    await stop();
  }
}

/** Newest first. */
export const checkpointsOf = (name: string, thread_id: string): Promise<CheckpointTuple[]> =>
  inTable(name, (saver) => collect(saver.list({ configurable: { thread_id, checkpoint_ns: "" } })));

export const threadsOf = (name: string): Promise<string[]> =>
  inTable(name, async (saver) => (await collect(saver.listThreads())).map(({ threadId }) => threadId));

// oxlint-disable-next-line typescript/no-explicit-any
export const valuesOf = ({ checkpoint }: CheckpointTuple) => checkpoint.channel_values as Record<string, any>;
