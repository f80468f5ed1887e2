import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { Send } from "@langchain/langgraph";
import { DeltaSnapshot, type SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { describe, expect, it, vi } from "vitest";
import {
  emptyThread,
  makeCheckpoint,
  metadataOf,
  noise,
  noiseText,
  putStep,
  sameBytes,
  valuesAt,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";

const values: Record<string, unknown> = {
  map: new Map<unknown, unknown>([
    ["a", 1],
    [2, { nested: new Map([["deep", true]]) }],
  ]),
  set: new Set(["a", 1, null]),
  pattern: /a\/b#[^%]+/giu,
  bytes: new Uint8Array([0, 1, 254, 255]),
  "no bytes": new Uint8Array(),
  "nested bytes": { list: [new Uint8Array([1, 2, 3])] },
  "undefined in places": { a: undefined, list: [1, undefined, 3] },
  arrays: [[], [[]], [[1, [2, [3, [4]]]]]],
  text: '👩‍👩‍👧 ünï\u0000\u2028 \ud83d\ude00 "quoted" \\ </script>',
  "empty text": "",
  "empty list": [],
  "empty object": {},
  zero: 0,
  no: false,
  null: null,
  "large number": Number.MAX_SAFE_INTEGER,
  fraction: -0.1,
};

describe("a value", () => {
  it.each(Object.keys(values))("comes back as it was put: %s", async (name) => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const step = await putStep(saver, emptyThread(), { [name]: values[name] });
    await saver.putWrites(step.config, [[name, values[name]]], "task");
    const tuple = await createSaver({ keyPrefix }).getTuple(step.config);
    expect(tuple?.checkpoint.channel_values).toStrictEqual({ [name]: values[name] });
    expect(tuple?.pendingWrites).toStrictEqual([["task", name, values[name]]]);
  });

  it("comes back as it was put when it is an error", async () => {
    const saver = createSaver();
    const { config } = await putStep(saver, emptyThread(), { failure: { cause: new RangeError("too far") } });
    const failure = (await valuesAt(saver, config))?.failure as { cause: unknown };
    expect(failure.cause).toBeInstanceOf(Error);
    expect(failure.cause).toHaveProperty("message", "too far");
  });

  it("comes back as it was put when it is a list of messages", async () => {
    const keyPrefix = newPrefix();
    const messages = [
      new HumanMessage({ id: "1", content: "Where is order 1042? 📦" }),
      new AIMessage({
        id: "2",
        content: "",
        tool_calls: [{ id: "call_1", name: "lookup", args: { order: "1042" }, type: "tool_call" }],
      }),
      new ToolMessage({ id: "3", content: "delivered", tool_call_id: "call_1", name: "lookup" }),
      new AIMessage({ id: "4", content: [{ type: "text", text: "Delivered." }], response_metadata: { model: "m" } }),
    ];
    const { config } = await putStep(createSaver({ keyPrefix }), emptyThread(), { messages });
    const read = (await valuesAt(createSaver({ keyPrefix }), config))?.messages as typeof messages;
    expect(read.map((message) => message.constructor)).toEqual(messages.map((message) => message.constructor));
    expect(read.map((message) => message.toDict())).toEqual(messages.map((message) => message.toDict()));
  });

  it("comes back as the serializer gives it back when it is a Send or a DeltaSnapshot", async () => {
    const saver = createSaver();
    const { config } = await putStep(saver, emptyThread(), {
      log: new DeltaSnapshot(["a", new Map([["b", 1]])]),
      tasks: [new Send("node", { n: 1 })],
    });
    const read = await valuesAt(saver, config);
    expect(read?.log).toEqual(new DeltaSnapshot(["a", new Map([["b", 1]])]));
    expect(read?.log).toBeInstanceOf(DeltaSnapshot);
    expect(read?.tasks).toEqual([{ node: "node", args: { n: 1 } }]);
  });

  it("in the metadata comes back as it was put", async () => {
    const saver = createSaver();
    const { config } = await putStep(
      saver,
      emptyThread(),
      {},
      { metadata: { seen: new Set(["a"]), empty: "", none: null } },
    );
    expect((await saver.getTuple(config))?.metadata).toEqual({
      source: "loop",
      step: 0,
      parents: {},
      seen: new Set(["a"]),
      empty: "",
      none: null,
    });
  });
});

describe("what a caller does to its objects", () => {
  it("after a call has begun does not change what is stored", async () => {
    const saver = createSaver();
    const start = await putStep(saver, emptyThread(), {});
    const list = ["kept"];
    const bytes = new Uint8Array([1, 2, 3]);
    const puts = [
      putStep(saver, start, { list, bytes }),
      saver.putWrites(
        start.config,
        [
          ["list", list],
          ["bytes", bytes],
        ],
        "task",
      ),
    ] as const;
    list.push("late");
    bytes.fill(0);
    const [{ config }] = await Promise.all(puts);
    const kept = { list: ["kept"], bytes: new Uint8Array([1, 2, 3]) };
    expect((await saver.getTuple(start.config))?.pendingWrites).toEqual([
      ["task", "list", kept.list],
      ["task", "bytes", kept.bytes],
    ]);
    expect(await valuesAt(saver, config)).toEqual(kept);
  });

  it.each([3, 20_000])("after it has read %i bytes does not change what later checkpoints inherit", async (length) => {
    const keyPrefix = newPrefix();
    const first = await putStep(createSaver({ keyPrefix }), emptyThread(), { bytes: noise(length) });
    const saver = createSaver({ keyPrefix });
    const read = (await valuesAt(saver, first.config))?.bytes as Uint8Array;
    read.fill(0);
    const next = await putStep(saver, first, { other: 1 });
    for (const { config } of [next, first])
      expect(sameBytes((await valuesAt(saver, config))?.bytes, noise(length))).toBe(true);
  });
});

describe("a serde of one's own", () => {
  /** Types and bytes that are nothing like LangGraph's. */
  const reversed: SerializerProtocol = {
    dumpsTyped: async (value) => [
      typeof value === "number" ? "n/µ" : "",
      new TextEncoder().encode(JSON.stringify(value)).reverse(),
    ],
    loadsTyped: async (type, data) =>
      ({ type, value: JSON.parse(new TextDecoder().decode((data as Uint8Array).slice().reverse())) as unknown }).value,
  };

  it("writes and reads every value, and gets back the types it gave", async () => {
    const keyPrefix = newPrefix();
    const seen = new Set<string>();
    const serde: SerializerProtocol = {
      ...reversed,
      loadsTyped: async (type, data) => {
        seen.add(type);
        return reversed.loadsTyped(type, data) as Promise<unknown>;
      },
    };
    const step = await putStep(createSaver({ keyPrefix, serde }), emptyThread(), {
      count: 7,
      long: "ab".repeat(50_000),
    });
    await createSaver({ keyPrefix, serde }).putWrites(step.config, [["count", 8]], "task");
    const tuple = await createSaver({ keyPrefix, serde }).getTuple(step.config);
    expect(tuple?.checkpoint).toEqual(step.checkpoint);
    expect(tuple?.metadata).toEqual({ source: "loop", step: 0, parents: {} });
    expect(tuple?.pendingWrites).toEqual([["task", "count", 8]]);
    expect([...seen].sort()).toEqual(["", "n/µ"]);
  });

  it("that cannot read what another wrote gives a typed error", async () => {
    const keyPrefix = newPrefix();
    const { config } = await putStep(createSaver({ keyPrefix, serde: reversed }), emptyThread(), { count: 7 });
    await expect(createSaver({ keyPrefix }).getTuple(config)).rejects.toMatchObject({ code: "DAMAGED_DATA" });
  });
});

describe("a value is stored as it was when put was called, though the graph changes it meanwhile,", () => {
  it.each<[when: string, isDeleted: boolean, ttlSeconds: number | undefined]>([
    ["when its parent is there", false, undefined],
    ["when its parent was deleted meanwhile, and what it shared is stored anew", true, undefined],
    ["when what its parent shares has to be renewed", false, 1_000],
    ["when what its parent shares is gone, and is stored anew", true, 1_000],
  ])("%s", async (_, isDeleted, ttlSeconds) => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, ...(ttlSeconds !== undefined && { ttlSeconds }) });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    try {
      const list = [noiseText(3_000)];
      const one = await putStep(saver, emptyThread("t"), { list, n: 1 });
      // Its lease is short then.
      if (ttlSeconds !== undefined) vi.setSystemTime(Date.now() + 700_000);
      await (ttlSeconds === undefined && isDeleted ? createSaver({ keyPrefix }) : saver).getTuple(one.config);
      if (isDeleted) await createSaver({ keyPrefix }).deleteThread("t");
      const writer = ttlSeconds === undefined && isDeleted ? createSaver({ keyPrefix }) : saver;
      const checkpoint = makeCheckpoint({ list, n: 2 }, { list: 1, n: 2 });
      const metadata = metadataOf("loop");
      const newVersions: Record<string, number> = { n: 2 };
      const putting = writer.put(one.config, checkpoint, metadata, newVersions);
      list.push("of the next superstep");
      Object.assign(checkpoint.channel_versions, { list: 2, n: 3 });
      Object.assign(checkpoint.channel_values, { n: 3, added: true });
      Object.assign(metadata, { source: "fork" });
      newVersions.list = 2;

      const tuple = await createSaver({ keyPrefix }).getTuple(await putting);
      expect(tuple?.checkpoint).toMatchObject({
        channel_values: { list: [noiseText(3_000)], n: 2 },
        channel_versions: { list: 1, n: 2 },
      });
      expect(Object.keys(tuple!.checkpoint.channel_values).sort()).toEqual(["list", "n"]);
      expect(tuple?.metadata?.source).toBe("loop");
    } finally {
      vi.useRealTimers();
    }
  });
});
