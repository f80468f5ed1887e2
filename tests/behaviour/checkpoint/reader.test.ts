import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { Send } from "@langchain/langgraph";
import {
  INTERRUPT,
  maxChannelVersion,
  TASKS,
  type BaseCheckpointSaver,
  type CheckpointTuple,
} from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaverEvent } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  makeCheckpoint,
  metadataOf,
  noise,
  noiseText,
  putChain,
  putStep,
  threadIdOf,
} from "../../lanes/savers/checkpoints.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { createReader } from "./readers.js";

/** A value as the saver gives it, made of what the reader gives. */
async function revived({ serde }: BaseCheckpointSaver, value: unknown): Promise<unknown> {
  return value instanceof Uint8Array ? value : (serde.loadsTyped("json", JSON.stringify(value)) as Promise<unknown>);
}

async function revivedTuple(saver: BaseCheckpointSaver, tuple: CheckpointTuple): Promise<CheckpointTuple> {
  const values = Object.entries(tuple.checkpoint.channel_values).map(async ([name, value]) => [
    name,
    await revived(saver, value),
  ]);
  const writes = (tuple.pendingWrites ?? []).map(async ([task, channel, value]) => [
    task,
    channel,
    await revived(saver, value),
  ]);
  return {
    ...tuple,
    checkpoint: {
      ...tuple.checkpoint,
      channel_values: Object.fromEntries(await Promise.all(values)) as Record<string, unknown>,
    },
    pendingWrites: (await Promise.all(writes)) as NonNullable<CheckpointTuple["pendingWrites"]>,
  };
}

/** A thread with all kinds of values, a fork, a namespace of a subgraph, and writes that are pending. */
async function putThread(saver: BaseCheckpointSaver) {
  const messages = [
    new HumanMessage({ id: "1", content: "Where is order 1042? 📦" }),
    new AIMessage({ id: "2", content: noiseText(3_000) }),
  ];
  const steps = await putChain(saver, emptyThread(), [
    {
      messages,
      map: new Map([["a", new Set([1])]]),
      bytes: noise(20_000),
      nothing: undefined,
      nested: { list: [undefined, new Uint8Array([1, 2])] },
    },
    { messages: [...messages, new AIMessage({ id: "3", content: noiseText(8_000, 2) })] },
    { text: "on one branch" },
  ]);
  const fork = await putStep(saver, steps[1]!, { text: "on the other" }, { metadata: { source: "fork", who: "Ada" } });
  await putStep(saver, emptyThread(threadIdOf(fork), "agent:1"), { inner: /a+/u });
  await saver.putWrites(
    fork.config,
    [
      ["messages", messages[0]],
      [INTERRUPT, { value: "Really?" }],
    ],
    "task-b",
  );
  await saver.putWrites(
    fork.config,
    [
      ["bytes", noise(100)],
      ["long", noiseText(80_000, 3)],
    ],
    "task-a",
  );
  return fork;
}

const variants: [name: string, options: () => Partial<SaverOptions>][] = [
  ["in the table", () => ({})],
  ["encrypted", () => ({ encryption: { key: noise(32, 5) } })],
  ["in S3", () => ({ s3: { ...s3Options(), thresholdBytes: 1_000 }, compression: "none" })],
];

describe.each(variants)("of a thread that is %s, the reader", (_, variant) => {
  test("gives what the saver gives, as plain data", async () => {
    const options = { keyPrefix: newPrefix(), ...variant() };
    const saver = createSaver(options);
    const fork = await putThread(saver);
    const read = (await createReader(options).getTuple(latestOf(fork)))!;

    expect(await revivedTuple(saver, read)).toStrictEqual(await saver.getTuple(latestOf(fork)));
    expect(read.pendingWrites).toHaveLength(4);
  });

  test("lists what the saver lists, in every namespace and on every branch", async () => {
    const options = { keyPrefix: newPrefix(), ...variant() };
    const saver = createSaver(options);
    const thread = { configurable: { thread_id: threadIdOf(await putThread(saver)) } };
    const listed = await collect(createReader(options).list(thread));

    expect(await Promise.all(listed.map((tuple) => revivedTuple(saver, tuple)))).toStrictEqual(
      await collect(saver.list(thread)),
    );
    expect(listed).toHaveLength(5);
  });
});

test("a message is what LangChain makes of it in JSON", async () => {
  const options = { keyPrefix: newPrefix() };
  const message = new AIMessage({ id: "1", content: "Hi" });
  const { config } = await putStep(createSaver(options), emptyThread(), { message });
  const read = await createReader(options).getTuple(config);

  expect(read?.checkpoint.channel_values.message).toStrictEqual(JSON.parse(JSON.stringify(message)));
  expect(read?.checkpoint.channel_values.message).toMatchObject({
    lc: 1,
    id: ["langchain_core", "messages", "AIMessage"],
    kwargs: { content: "Hi" },
  });
});

test("the reader filters, cuts and bounds a list as the saver does", async () => {
  const options = { keyPrefix: newPrefix() };
  const saver = createSaver(options);
  const fork = await putThread(saver);
  const thread = { configurable: { thread_id: threadIdOf(fork), checkpoint_ns: "" } };
  for (const bounds of [
    { filter: { who: "Ada" } },
    { limit: 2 },
    { before: fork.config },
    { before: fork.config, limit: 1 },
    { filter: { who: "nobody" } },
  ]) {
    const ids = idsOf(await collect(createReader(options).list(thread, bounds)));
    expect(ids, JSON.stringify(bounds)).toEqual(idsOf(await collect(saver.list(thread, bounds))));
  }
});

test("the reader lists the threads that the saver lists", async () => {
  const options = { keyPrefix: newPrefix() };
  const saver = createSaver(options);
  for (const id of ["c", "a", "b"]) await putStep(saver, emptyThread(id), { x: 1 });
  const threads = await collect(createReader(options).listThreads({ limit: 2 }));

  expect(threads).toEqual(await collect(saver.listThreads({ limit: 2 })));
  expect(threads.map(({ threadId }) => threadId)).toEqual(["a", "b"]);
});

test.each([
  ["numbers", { a: 2, b: 10 }],
  ["texts", { a: "00000000000000000000000000000002.5", b: "00000000000000000000000000000010.25" }],
])("sends of old checkpoints are moved into the state, under the newest version of %s", async (_, versions) => {
  const options = { keyPrefix: newPrefix() };
  const saver = createSaver(options);
  const parent = await putStep(saver, emptyThread(), { a: 1 });
  await saver.putWrites(parent.config, [[TASKS, new Send("node", { x: 1 })]], "task");
  const old = { ...makeCheckpoint({ a: 1, b: 1 }, versions), v: 3 };
  const config = await saver.put(parent.config, old, metadataOf("loop"), versions);
  const read = (await createReader(options).getTuple(config))!;

  expect(await revivedTuple(saver, read)).toStrictEqual(await saver.getTuple(config));
  expect(read.checkpoint.channel_values[TASKS]).toEqual([{ node: "node", args: { x: 1 } }]);
  expect(read.checkpoint.channel_versions[TASKS]).toBe(maxChannelVersion(...Object.values(versions)));
});

test("the reader writes nothing, also with the options of a saver that renews what it reads", async () => {
  const options: Partial<SaverOptions> = {
    keyPrefix: newPrefix(),
    ttlSeconds: 1_000,
    s3: { ...s3Options(), thresholdBytes: 1_000 },
    compression: "none",
  };
  const config = latestOf(await putThread(createSaver({ ...options, ttlSeconds: 100 })));
  const events: DynamoDBSaverEvent[] = [];
  const reader = createReader({ ...options, refreshOnRead: true, onEvent: (event) => events.push(event) });
  await reader.getTuple(config);
  await collect(reader.list(config));
  await collect(reader.listThreads());
  const operations = new Set(events.map((event) => (event.type === "request" ? event.operation : event.type)));

  expect(
    [...operations].filter((operation) => !["Query", "GetItem", "BatchGetItem", "GetObject"].includes(operation)),
  ).toEqual([]);
  expect(operations).toContain("GetObject");
});
