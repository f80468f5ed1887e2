import { createHash } from "node:crypto";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { DynamoDBCache, DynamoDBSaver, DynamoDBStore, type DynamoDBSaverOptions } from "langgraph-checkpoint-dynamodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { latestOf, makeCheckpoint, metadataOf, noise, noiseText, type Step } from "./lanes/savers/checkpoints.js";
import { putDeltaThread } from "./lanes/savers/delta-thread.js";
import { LettersEmbeddings } from "./lanes/savers/letters-embeddings.js";
import { openMemoryServers } from "./lanes/servers/memory-servers.js";
import { BUCKET } from "./lanes/stored/s3-client.js";
import { VirtualGlobals } from "./simulation/world/globals.js";

/*
 * What is stored, byte for byte: a change of the sources that means to change nothing of it changes none of these
 * lines. Where the format is meant to change, `npx vitest run --project node/alone tests/stored-items.test.ts -u`
 * writes them anew, and the change of the file shows what has become of each item.
 */

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const s3 = { bucket: BUCKET, region: "us-east-1", endpoint: "http://127.0.0.1:9", forcePathStyle: true };
const variants: Record<string, Partial<DynamoDBSaverOptions>> = {
  plain: { compression: "none" },
  "compressed, for a week": { ttlSeconds: 7 * 86_400, refreshOnRead: true },
  "in S3 from 1,500 bytes on, for a day": {
    compression: "none",
    ttlSeconds: 86_400,
    s3: { ...s3, thresholdBytes: 1_500 },
  },
  encrypted: { encryption: { key: key(1), olderKeys: [key(2)] } },
  "with conflicts refused": { conflict: "reject" },
  "the latest only": { history: "latest" },
};

let machine: VirtualGlobals;
beforeEach(() => {
  machine = new VirtualGlobals("stored items");
  machine.install();
});
afterEach(() => machine.uninstall());

test.each(Object.entries(variants))("%s", async (variant, options) => {
  const { fetch, table, bucket } = openMemoryServers();
  const settings = {
    tableName: "checkpoints",
    region: "us-east-1",
    credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" },
    endpoint: "http://127.0.0.1:9",
    keyPrefix: "tenant#",
    fetch,
  };
  const lines: string[] = [];
  const record = (moment: string): void => {
    machine.nowMs += 61_000;
    lines.push(
      `== ${moment}`,
      ...table.items().map(lineOf).sort(),
      ...[...bucket.objects].map(([name, { bytes, tags }]) => `${name} ${tags} ${digest(bytes)}`).sort(),
    );
  };
  const saver = new DynamoDBSaver({ ...settings, ...options });

  const last = await conversation(saver, "t");
  record("a conversation");
  await saver.getTuple(latestOf(last));
  await putDeltaThread(saver, "delta");
  await saver.deleteForRuns(["run 2"], { threadIds: ["t"] });
  record("after the deletion of a run, and another thread with a DeltaChannel");
  if (options.history !== "latest") await saver.prune({ threadIds: ["t", "delta"], keepLast: 1 });
  record("after a pruning");
  await saver.copyThread("t", "copy of t");
  const exported: string[] = [];
  for await (const line of saver.exportThread("delta")) exported.push(line);
  await saver.deleteThread("delta");
  await saver.importThread(exported);
  record("after a copy, an export, a deletion and an import");

  const { ttlSeconds, refreshOnRead: _refresh, conflict: _conflict, history: _history, ...shared } = options;
  const index = { dims: 3, embeddings: new LettersEmbeddings(3) };
  const store = new DynamoDBStore({
    ...settings,
    ...shared,
    index,
    ...(ttlSeconds !== undefined && { ttl: { defaultTtlSeconds: ttlSeconds } }),
  });
  await store.put(["users", "ann"], "tea", { text: "likes tea" });
  await store.put(["users", "ann", "notes"], "long", { text: noiseText(5_000) }, false);
  await store.put(["users", "ann"], "tea", { text: "likes coffee" });
  await store.put(["users", "bob"], "gone", { text: "soon" });
  await store.delete(["users", "bob"], "gone");
  const cache = new DynamoDBCache({ ...settings, ...shared });
  await cache.set([{ key: [["node", "a"], "1"], value: { answer: noiseText(3_000, 2) }, ttl: 60 }]);
  record("with a store and a cache");

  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`stored-items/${variant.replace(/\W+/g, "-")}.txt`);
});

/**
 * Two turns of an agent with a subgraph, a fork and an interrupt; ids, names and values that are odd, and a value that
 * grows.
 */
async function conversation(saver: BaseCheckpointSaver, threadId: string): Promise<Step> {
  let number = 0;
  const put = async (
    parent: Step | undefined,
    changes: Record<string, unknown>,
    { ns = "", runId = "11111111-2222-4333-8444-555555555555", id = "" } = {},
  ): Promise<Step> => {
    const versions = {
      ...parent?.checkpoint.channel_versions,
      ...Object.fromEntries(Object.keys(changes).map((name) => [name, ++number])),
    };
    const checkpoint = makeCheckpoint(
      { ...parent?.checkpoint.channel_values, ...changes },
      versions,
      id || `1f0a0000-0000-6000-8000-${String(++number).padStart(12, "0")}`,
    );
    const configurable = {
      ...(parent?.config.configurable ?? { thread_id: threadId, checkpoint_ns: ns }),
      run_id: runId,
    };
    const newVersions = Object.fromEntries(Object.keys(changes).map((name) => [name, versions[name]!]));
    return {
      config: await saver.put({ configurable }, checkpoint, metadataOf("loop", number), newVersions),
      checkpoint,
    };
  };
  const messages = ["Hello!", noiseText(700, 3)];
  let step = await put(undefined, {
    messages: [...messages],
    document: noise(6_000),
    "odd # % \u{1F600} name": { __proto__x: 1, lc: 1 },
  });
  await saver.putWrites(
    step.config,
    [
      ["messages", noiseText(900, 4)],
      ["plan", null],
    ],
    "task-1",
    "~__pregel_pull, agent",
  );
  for (let turn = 0; turn < 3; turn++) {
    messages.push(noiseText(1_100, 5 + turn));
    step = await put(step, { messages: [...messages] });
  }
  const sub = await put(undefined, { paid: noiseText(3_000, 9) }, { ns: "child:11111111-2222-5333-8444-555555555556" });
  await saver.putWrites(
    sub.config,
    Array.from({ length: 120 }, (_, i): [string, unknown] => ["many", i]),
    "task-2",
  );
  await saver.putWrites(
    step.config,
    [["__interrupt__", [{ value: "Is that right?" }]]],
    "task-3",
    "~__pregel_pull, ask",
  );
  await saver.putWrites(step.config, [["__resume__", "Yes"]], "task-3", "~__pregel_pull, ask");
  const next = await put(step, { answer: "yes" }, { runId: "run 2" });
  await saver.putWrites(next.config, [["blob", noiseText(90_000, 11)]], "task-4");
  return put(next, { answer: undefined }, { id: `2${"0".repeat(1_100)}#long` });
}

const digest = (bytes: Uint8Array): string =>
  `${bytes.length} bytes ${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}`;

function lineOf({ PK, SK, ...attributes }: Record<string, Record<string, unknown>>): string {
  const shown = Object.entries(attributes).map(([name, value]) => {
    const [[type, content]] = Object.entries(value) as [[string, string]];
    if (type === "B" && content.length > 40) return `${name}=${digest(Buffer.from(content, "base64"))}`;
    return `${name}=${type}:${JSON.stringify(content)}`;
  });
  return `${cut(JSON.stringify([PK!.S, SK!.S]), 300)} ${cut(shown.sort().join(" "), 1_000)}`;
}

/** A long text is told by its beginning, and by a digest of the rest. */
const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length)}… and ${digest(Buffer.from(text.slice(length)))}`;
