import { type ChannelVersions, type Checkpoint, type CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { afterEach, beforeEach, expect, test } from "vitest";
import { collect, emptyThread, latestOf, makeCheckpoint, metadataOf, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import type { HostileItem } from "../../lanes/hostile/hostile-items.js";
import { binary, buildContainer, plain, utf8 } from "../../lanes/stored/stored-bytes.js";
import { itemsOf, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { onDynamoDBLocal } from "../../lanes/servers/real-servers.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/*
 * Names that mean something to JavaScript are names like others here: what they hold comes back, and no object that
 * anybody else has is changed.
 */

const NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "__defineGetter__",
  "toJSON",
  "then",
  "length",
  "name",
];

/** What everybody shares. */
const shared = (): unknown =>
  [
    Object.prototype,
    Array.prototype,
    Function.prototype,
    Map.prototype,
    Uint8Array.prototype,
    Error.prototype,
    Promise.prototype,
    Object,
    Array,
  ].map((object) =>
    Reflect.ownKeys(object).map((key) => [key, Reflect.getOwnPropertyDescriptor(object, key)?.value as unknown]),
  );

let before: unknown;
beforeEach(() => void (before = shared()));
afterEach(() => {
  expect(shared()).toEqual(before);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
});

/** An object that really has a property of this name. */
const withName = (name: string, value: unknown): Record<string, unknown> => Object.fromEntries([[name, value]]);

const POLLUTION = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as Record<
  string,
  unknown
>;

test.each(NAMES)("as a channel, in versions, in newVersions and in writes, %s is a name", async (name) => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix });
  const versions = withName(name, 1) as ChannelVersions;
  const checkpoint: Checkpoint = makeCheckpoint(
    { ...withName(name, { polluted: "no" }), other: 1 },
    { ...versions, other: 1 },
  );
  checkpoint.versions_seen = { ...withName(name, versions), node: versions };
  const config = await saver.put(emptyThread("t").config, checkpoint, metadataOf("loop"), { ...versions, other: 1 });
  await saver.putWrites(
    config,
    [
      [name, POLLUTION],
      ["other", { polluted: "no" }],
    ],
    name,
  );
  const child = await putStep(saver, { config, checkpoint }, { other: 2 });

  for (const reader of [saver, createSaver({ keyPrefix })]) {
    const tuple = (await reader.getTuple(config))!;
    expect(Object.entries(tuple.checkpoint.channel_values).sort()).toEqual(
      [
        ["other", 1],
        [name, { polluted: "no" }],
      ].sort(),
    );
    expect(Object.getPrototypeOf(tuple.checkpoint.channel_values)).toBe(Object.prototype);
    expect(tuple.pendingWrites!.map(([task, channel]) => [task, channel])).toEqual([
      [name, name],
      [name, "other"],
    ]);
    // What the parent had is the child's too.
    expect(Object.entries((await reader.getTuple(child.config))!.checkpoint.channel_values).sort()).toEqual(
      [
        ["other", 2],
        [name, { polluted: "no" }],
      ].sort(),
    );
    const history = await reader.getDeltaChannelHistory({ config: child.config, channels: [name] });
    expect(Object.entries(history).map(([channel, { seed, writes }]) => [channel, seed, writes.length])).toEqual([
      [name, { polluted: "no" }, 1],
    ]);
  }
});

test.each(NAMES)("as a name in values and in metadata, %s is a name", async (name) => {
  const value = { list: [withName(name, { polluted: 1 })], ...withName(name, "text"), inner: POLLUTION };
  const metadata = { ...metadataOf("loop"), ...withName(name, { polluted: 1 }), more: POLLUTION } as CheckpointMetadata;
  const saver = createSaver();
  const config = await saver.put(
    { configurable: { thread_id: "t", checkpoint_ns: "" } },
    makeCheckpoint({ value }, { value: 1 }, "1"),
    metadata,
    { value: 1 },
  );
  await saver.putWrites(config, [["value", value]], "task");

  const tuple = (await saver.getTuple(config))!;

  // As texts: what compares objects takes `__proto__` for more than a name.
  expect(JSON.stringify([tuple.checkpoint.channel_values, tuple.metadata, tuple.pendingWrites])).toBe(
    JSON.stringify([{ value }, metadata, [["task", "value", value]]]),
  );
});

test.each(NAMES)("as a condition of list, %s finds what has it, and nothing by what every object has", async (name) => {
  const saver = createSaver();
  await putStep(saver, emptyThread("plain"), { n: 1 });
  const value = { said: 1 };
  await putStep(saver, emptyThread("named"), { n: 1 }, { metadata: withName(name, value) });
  const found = await collect(saver.list({}, { filter: withName(name, value) }));

  expect(found.map(({ config }) => config.configurable!.thread_id as string)).toEqual(["named"]);
  expect(found.map(({ config }) => config.configurable!.thread_id as string)).not.toContain("plain");
});

onDynamoDBLocal("as names of attributes in the table they do nothing", async () => {
  const keyPrefix = newPrefix();
  const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
  await createSaver({ keyPrefix }).putWrites(step.config, [["n", 2]], "task");
  const values: HostileItem[string][] = [
    { S: "polluted" },
    { M: { polluted: { S: "1" } } },
    { L: [] },
    { B: "AAAA" },
    { NULL: true },
  ];
  for (const item of await itemsOf(keyPrefix, "t")) {
    const attributes: [string, unknown][] = [
      ...Object.entries(item),
      ...NAMES.map((name, i): [string, unknown] => [name, values[i % values.length]]),
    ];
    await putRaw(Object.fromEntries(attributes) as RawItem);
  }

  const tuple = await createSaver({ keyPrefix }).getTuple(latestOf(step));
  expect(tuple?.checkpoint.channel_values).toEqual({ n: 1 });
  expect(tuple?.pendingWrites).toEqual([["task", "n", 2]]);
  const child = await putStep(createSaver({ keyPrefix }), step, { n: 3 });
  expect((await createSaver({ keyPrefix }).getTuple(child.config))?.checkpoint.channel_values).toEqual({ n: 3 });
  await createSaver({ keyPrefix }).deleteThread("t");
  expect(await itemsOf(keyPrefix, "t")).toEqual([]);
});

test("in the header of a stored checkpoint they are names of channels", async () => {
  const keyPrefix = newPrefix();
  const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
  const [item] = (await itemsOf(keyPrefix, "t", "C##")) as [RawItem];
  const body = utf8(
    '{"v":4,"channel_versions":{"__proto__":1},"versions_seen":{"__proto__":{"polluted":1},' +
      '"constructor":{"prototype":1}},"__proto__":{"polluted":1}}',
  );
  const tails = [body, utf8('{"__proto__":{"polluted":1}}'), ...NAMES.map(() => utf8('{"__proto__":{"polluted":1}}'))];
  const bytes = buildContainer({
    head: [NAMES.map((name) => [name, 1])],
    entries: tails.map((tail) => ["json", tail.length]),
    hashes: [],
    tails,
  });
  await putRaw({ ...item, data: binary(plain(bytes)) });

  const tuple = (await createSaver({ keyPrefix }).getTuple(step.config))!;

  expect(Object.keys(tuple.checkpoint.channel_values).sort()).toEqual(NAMES.toSorted());
  expect(Object.getPrototypeOf(tuple.checkpoint.channel_values)).toBe(Object.prototype);
  expect(Object.getPrototypeOf(tuple.checkpoint)).toBe(Object.prototype);
});
