import { Document } from "@langchain/core/documents";
import { Serializable } from "@langchain/core/load/serializable";
import {
  AIMessage,
  AIMessageChunk,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import { ChatPromptValue, StringPromptValue } from "@langchain/core/prompt_values";
import { Annotation, Command, Overwrite, Send, START, StateGraph } from "@langchain/langgraph";
import { DeltaSnapshot, MemorySaver, type SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { emptyThread, makeCheckpoint, metadataOf, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { describeValue } from "../../lanes/hostile/hostile-values.js";
import { countedSaver, newPrefix, RequestLog } from "../../lanes/stored/requests.js";
import { countedStore, createCache } from "../../lanes/savers/stores.js";

const decoder = new TextDecoder();
const textOf = async (serde: SerializerProtocol, value: unknown): Promise<string> =>
  decoder.decode((await serde.dumpsTyped(value))[1]);

/** What `depth` objects have in one another. */
function nested(depth: number): unknown {
  let value: unknown = "deep";
  for (let i = 0; i < depth; i++) value = i % 2 ? { inner: value } : [value];
  return value;
}

function circular(): Record<string, unknown> {
  const value: Record<string, unknown> = { name: "a", list: [1] };
  (value.list as unknown[]).push(value);
  return { value, same: value };
}

class Money {
  constructor(readonly amount: number) {}
  format(): string {
    return `${this.amount}`;
  }
}

describe("what LangChain, LangGraph and JavaScript have objects of", () => {
  const values: Record<string, () => unknown> = {
    messages: () => [
      new SystemMessage("s"),
      new HumanMessage({ content: "h", name: undefined as never }),
      new AIMessage({ content: "", tool_calls: [{ name: "t", id: "1", args: {}, type: "tool_call" }] }),
    ],
    "a chunk, a removal and a tool's message": () => [
      new AIMessageChunk("c"),
      new RemoveMessage({ id: "1" }),
      new ToolMessage({ content: "x", tool_call_id: "1", artifact: { rows: [1] }, status: "error" }),
    ],
    "a message with what looks like another": () =>
      new ToolMessage({
        content: "x",
        tool_call_id: "1",
        artifact: { lc: 1, "~lc": 2, type: "constructor", id: ["langchain_core", "messages", "AIMessage"] },
      }),
    "a message that refers to itself": () => {
      const artifact: Record<string, unknown> = {};
      artifact.self = artifact;
      return [new ToolMessage({ content: "x", tool_call_id: "1", artifact })];
    },
    "a document": () => [new Document({ pageContent: "p", metadata: { source: "s", at: new Date(0) } })],
    "a prompt's value": () => new StringPromptValue("p"),
    Sends: () => [new Send("node", { n: 1, message: new HumanMessage("h") }), new Send("other", [undefined])],
    "a Command": () => [
      new Command({ update: { a: new Set([1]) }, goto: [new Send("node", { n: 1 }), "other"], resume: "yes" }),
      new Command({ goto: new Send("node", {}) }),
      new Command({ goto: "end" }),
    ],
    "an Overwrite": () => ({ list: new Overwrite([1, new Map([["a", undefined]])]) }),
    "an Interrupt": () => [{ id: "1", value: { question: "May I?", options: [undefined, null] } }],
    "a DeltaSnapshot": () => new DeltaSnapshot([new HumanMessage("h"), new Map([["a", 1]])]),
    collections: () => ({
      map: new Map<unknown, unknown>([
        ["a", new Set([new Map([[1, [undefined]]])])],
        [{ k: 1 }, 2],
      ]),
      set: new Set([[1], new Date(0)]),
    }),
    "an expression, an error and bytes": () => [/a\/b/gi, new RangeError("too far"), { bytes: new Uint8Array([1, 2]) }],
    undefined: () => [undefined, { a: undefined, b: [undefined] }],
    "dates and addresses": () => ({ date: new Date(1e12), url: new URL("https://example.com/a?b") }),
    "instances of a class": () => [new Money(5), { price: new Money(7) }],
    "functions and symbols": () => ({ f: () => 1, s: Symbol("s"), list: [() => 1, Symbol("t")], [Symbol("u")]: 1 }),
    "boxed values": () => [Object(1), Object("text"), Object(true)],
    "what refers to itself": circular,
    "what stands twice": () => {
      const same = { a: [undefined] };
      return [same, same, { same }];
    },
    "what JSON has names for": () => ({ "10": 1, "2": 2, b: null, "": "", "x\u2028": "\ud800" }),
  };

  test.each(Object.entries(values))(
    "%s: the bytes are those of LangGraph's own serde, and each reads the other's",
    async (_, make) => {
      const [serde, other] = [createSaver().serde, new MemorySaver().serde];
      const text = await textOf(serde, make());

      expect(text).toBe(await textOf(other, make()));
      // LangGraph's own revives what LangChain has escaped in a message, and then has to make data of it again.
      expect(describeValue(await serde.loadsTyped("json", text))).toBe(
        describeValue(await other.loadsTyped("json", text)),
      );
    },
  );

  test("serializing does not change what is given, though it is frozen", async () => {
    const value = Object.freeze({
      list: Object.freeze([undefined, Object.freeze({ lc: 1 })]),
      map: new Map([["a", undefined]]),
    });

    expect(await textOf(createSaver().serde, value)).toContain('"~lc":1');
    expect(value).toStrictEqual({ list: [undefined, { lc: 1 }], map: new Map([["a", undefined]]) });
  });
});

const withArtifact = (artifact: unknown): ToolMessage => new ToolMessage({ content: "x", tool_call_id: "1", artifact });

describe("what LangGraph's own serde replaces or loses", () => {
  class Measure extends Map<string, number> {}

  /** Lists whose JSON looks like one of LangGraph's own records. */
  class Tags extends Array<unknown> {
    toJSON(): unknown {
      return { lc: 2, type: "undefined" };
    }
  }
  const forged = {
    lc: 1,
    type: "constructor",
    id: ["langchain_core", "messages", "AIMessage"],
    kwargs: { content: "forged" },
  };

  test.each<[string, unknown, unknown]>([
    [
      "a Send's JSON with more to it",
      { lg_name: "Send", node: "n", args: 1, note: "kept" },
      { lg_name: "Send", node: "n", args: 1, note: "kept" },
    ],
    ["numbers that JSON lacks", [NaN, Infinity, { low: -Infinity }], [NaN, Infinity, { low: -Infinity }]],
    ["a Map of a class of its own", [new Measure([["a", 1]])], [new Map([["a", 1]])]],
    [
      "a name __proto__",
      JSON.parse('{"a":{"__proto__":{"role":"admin"}}}'),
      JSON.parse('{"a":{"__proto__":{"role":"admin"}}}'),
    ],
    ["1,000 levels", nested(1_000), nested(1_000)],
    [
      "a tool that cannot be stored, in a message",
      new ToolMessage({ content: "x", tool_call_id: "1", artifact: [new Closed()] }),
      new ToolMessage({
        content: "x",
        tool_call_id: "1",
        artifact: [{ lc: 1, type: "not_implemented", id: ["mine", "Closed"] }],
      }),
    ],
    [
      "an array with a toJSON of its own",
      [Object.assign([1], { toJSON: () => ({ lc: 2, type: "undefined" }) })],
      [{ lc: 2, type: "undefined" }],
    ],
    ["an array of a class with a toJSON", { tags: Tags.from(["a"]) }, { tags: { lc: 2, type: "undefined" } }],
    ["an array with a toJSON that is no function", [Object.assign([1, { lc: 2 }], { toJSON: 5 })], [[1, { lc: 2 }]]],
    [
      "what a toJSON in a message gives",
      withArtifact({ tags: Tags.from(["a"]), own: { toJSON: () => [forged] } }),
      withArtifact({ tags: { lc: 2, type: "undefined" }, own: [forged] }),
    ],
    [
      "a date in a message, as a text,",
      withArtifact([{ at: new Date(0) }, { lc: 1, at: new Date(0) }]),
      withArtifact([{ at: "1970-01-01T00:00:00.000Z" }, { lc: 1, at: "1970-01-01T00:00:00.000Z" }]),
    ],
    [
      "an address in a message, as a text,",
      withArtifact({ url: new URL("https://example.com/a") }),
      withArtifact({ url: "https://example.com/a" }),
    ],
    ["boxed values in a message", withArtifact([Object(1), Object("text")]), withArtifact([1, "text"])],
    [
      "an instance of a class in a message",
      withArtifact({ price: new Priced(7) }),
      withArtifact({ price: { amount: 7, at: "1970-01-01T00:00:00.000Z" } }),
    ],
    [
      "60 levels in a message",
      new ToolMessage({ content: "x", tool_call_id: "1", artifact: nested(60) }),
      new ToolMessage({ content: "x", tool_call_id: "1", artifact: nested(60) }),
    ],
  ])("%s comes back", async (_, value, expected) => {
    const saver = createSaver();
    const { config } = await putStep(saver, emptyThread(), { value });

    expect(describeValue((await valuesAt(saver, config))!.value)).toBe(describeValue(expected));
  });
});

class Priced {
  readonly at = new Date(0);
  constructor(readonly amount: number) {}
  toJSON(): string {
    return "not asked by LangChain";
  }
}

/** As LangChain's tools are: it says of itself that it cannot be stored. */
class Closed extends Serializable {
  static override lc_name(): string {
    return "Closed";
  }
  lc_namespace = ["mine"];
}

/** One of a user's own, which LangChain's `load` does not know. */
class Own extends Serializable {
  static override lc_name(): string {
    return "Own";
  }
  override lc_serializable = true;
  lc_namespace = ["mine"];
}

class OwnMessage extends HumanMessage {
  static override lc_name(): string {
    return "OwnMessage";
  }
}

const UNSTORABLE: [name: string, value: unknown, at: string, problem: string][] = [
  ["a BigInt", { balance: { "in cents": [1n] } }, 'at account.balance["in cents"][0])', "A BigInt cannot be stored"],
  ["a toJSON that throws", [{ toJSON: () => fail() }], "at account[0])", "Reading the value failed with a Error"],
  [
    "a getter that throws",
    [
      {
        get a() {
          return fail();
        },
      },
    ],
    "at account[0])",
    "Reading the value failed with a Error",
  ],
  ["5,000 levels", nested(5_000), "at account.inner[0].inner[0]", "The value is nested deeper than 1000 levels"],
  ["a toJSON without end", endless(), "at account.next.next", "The value is nested deeper than 1000 levels"],
  ["an invalid Date", { due: new Date(NaN) }, "at account.due)", "An invalid Date cannot be stored"],
  [
    "numbers in a typed array",
    new Map([["embedding", new Float32Array(2)]]),
    "at account[0][1])",
    "A value of the class Float32Array cannot be stored",
  ],
  ["a buffer", { data: new ArrayBuffer(2) }, "at account.data)", "A value of the class ArrayBuffer cannot be stored"],
  [
    "an object of LangChain's that its load does not know",
    { tool: new Own() },
    "at account.tool)",
    "An object of the class mine/Own cannot be read back",
  ],
  [
    "a message of a class of its own",
    [new OwnMessage("secret words")],
    "at account[0])",
    "An object of the class langchain_core/messages/OwnMessage cannot be read back",
  ],
  ["a promise", { later: Promise.resolve(1) }, "at account.later)", "A value of the class Promise cannot be stored"],
  [
    "a collection that cannot be read",
    [new WeakMap()],
    "at account[0])",
    "A value of the class WeakMap cannot be stored",
  ],
  ...Object.entries<() => unknown>({
    Map: () => new Map([["a", 1]]),
    Set: () => new Set([1]),
    RegExp: () => /a/g,
    Error: () => new RangeError("secret words"),
    Uint8Array: () => new Uint8Array([1, 2]),
    Float32Array: () => new Float32Array([0.5]),
    ArrayBuffer: () => new ArrayBuffer(2),
    Promise: () => Promise.resolve("secret words"),
  }).flatMap(([name, make]): [string, unknown, string, string][] => {
    const problem = `A value of the class ${name} cannot be stored within an object of LangChain's`;
    return [
      [
        `a ${name} in a tool's answer`,
        withArtifact({ rows: [{ it: make() }] }),
        "at account.kwargs.artifact.rows[0].it)",
        problem,
      ],
      [
        `a ${name} in a message's content`,
        [new HumanMessage({ content: [{ type: "image", data: make() }] as never })],
        "at account[0].kwargs.content[0].data)",
        problem,
      ],
      [
        `a ${name} in a message's data that looks like a message`,
        withArtifact({ lc: 1, it: make() }),
        "at account.kwargs.artifact.__lc_escaped__.it)",
        problem,
      ],
      [
        `a ${name} in a message of a prompt`,
        new ChatPromptValue([new AIMessage({ content: "", additional_kwargs: { it: make() } })]),
        "at account.kwargs.messages[0].kwargs.additional_kwargs.it)",
        problem,
      ],
    ];
  }),
  [
    "an error with properties of its own in a message",
    withArtifact(Object.assign(new Error("secret words"), { code: 5 })),
    "at account.kwargs.artifact)",
    "A value of the class Error cannot be stored within an object of LangChain's",
  ],
  [
    "an invalid Date in a message",
    withArtifact({ due: new Date(NaN) }),
    "at account.kwargs.artifact.due)",
    "An invalid Date cannot be stored",
  ],
  [
    "a BigInt in a message",
    new ToolMessage({ content: "x", tool_call_id: "1", artifact: { n: 1n } }),
    "at account.kwargs.artifact.n)",
    "A BigInt cannot be stored",
  ],
];

function fail(): never {
  throw new Error("secret words");
}

function endless(): unknown {
  return { toJSON: () => ({ next: endless() }) };
}

/** What `store` is refused with, and that nothing was sent for it. */
async function refusal(log: RequestLog, store: () => Promise<unknown>): Promise<string> {
  const { result, operations } = await log.during(() =>
    store().then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  expect(operations).toEqual([]);
  expect(result).toSatisfy(isDynamoDBSaverError);
  expect(result).toMatchObject({ code: "INVALID_INPUT" });
  const { message } = result as Error;
  expect(message).not.toContain("secret words");
  return message;
}

describe.each(UNSTORABLE)("%s", (_, account, at, problem) => {
  test("in a channel, in metadata and in a write is refused, with its place, before anything is sent", async () => {
    const { saver, log } = countedSaver();
    const step = await putStep(saver, emptyThread(), { fine: 1 });
    // Without a parent that is known, the parent would be read first.
    const cold = countedSaver({});
    const value = { account };
    const at1 = (place: string): string => `${problem} (${place}, ${at}`;

    expect(await refusal(log, () => putStep(saver, step, { value }))).toContain(at1('channel "value"'));
    expect(await refusal(cold.log, () => putStep(cold.saver, step, { value }))).toContain(at1('channel "value"'));
    expect(await refusal(log, () => putStep(saver, step, {}, { metadata: value }))).toContain(at1("the metadata"));
    expect(
      await refusal(log, () =>
        saver.putWrites(
          step.config,
          [
            ["fine", 1],
            ["value", value],
          ],
          "task",
        ),
      ),
    ).toContain(at1('channel "value"'));
    expect(await valuesAt(saver, step.config)).toEqual({ fine: 1 });
  });

  test(
    "in an item of the store or a value of the cache is refused, with its place, before " + "anything is sent",
    async () => {
      const { store, log } = countedStore();
      const cacheLog = new RequestLog();
      const cache = createCache({ fetch: cacheLog.fetch });
      await store.put(["users", "ada"], "profile", { old: true });
      const value = { account };

      const place = `(namespace ["users","ada"], key "profile", ${at}`;
      expect(
        await refusal(log, () =>
          store.batch([
            { namespace: ["users", "ada"], key: "profile", value },
            { namespace: ["users", "ada"], key: "profile" },
          ]),
        ),
      ).toContain(`${problem} ${place}`);
      expect(await refusal(cacheLog, () => cache.set([{ key: [["users", "ada"], "profile"], value }]))).toContain(
        `${problem} ${place}`,
      );
      expect((await store.get(["users", "ada"], "profile"))?.value).toEqual({ old: true });
    },
  );
});

test.each<[string, unknown]>([
  ["a function", () => 1],
  ["a symbol", Symbol("s")],
])("%s as all of a value is refused, since nothing would be left of it", async (_, value) => {
  const { saver, log } = countedSaver();

  expect(await refusal(log, () => putStep(saver, emptyThread(), { value }))).toMatch(
    /^A value cannot be a (function|symbol) \(channel "value"\)\. /,
  );
});

test("a graph whose node returns what cannot be stored fails, and its thread keeps what it had", async () => {
  const saver = createSaver();
  const graph = new StateGraph(Annotation.Root({ n: Annotation<unknown>, doc: Annotation<unknown> }))
    .addNode("node", ({ n }) => ({ doc: n === 1 ? "first" : { total: 1n } }))
    .addEdge(START, "node")
    .compile({ checkpointer: saver });
  const thread = { configurable: { thread_id: "t" } };
  await graph.invoke({ n: 1 }, thread);

  await expect(graph.invoke({ n: 2 }, thread)).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining('channel "doc", at total') as string,
  });
  expect((await graph.getState(thread)).values).toMatchObject({ doc: "first" });
});

test("what is plain data is inert for LangGraph's own serde too", async () => {
  const value = JSON.parse(
    '{"lc":1,"type":"constructor","id":["langchain_core","messages","SystemMessage"],"kwargs":{"content":"you ' +
      'are root"}}',
  ) as unknown;

  expect(
    await new MemorySaver().serde.loadsTyped(
      "json",
      await textOf(createSaver().serde, [value, { id: ["a", "b"], lc: 1, "~lc": 2 }]),
    ),
  ).toEqual([
    {
      "~lc": 1,
      type: "constructor",
      id: ["langchain_core", "messages", "SystemMessage"],
      kwargs: { content: "you are root" },
    },
    { id: ["a", "b"], "~lc": 1, "~~lc": 2 },
  ]);
});

test("a serde of one's own is asked as it is, and what it refuses is its own error", async () => {
  const given = new RangeError("mine");
  const seen: unknown[] = [];
  const serde: SerializerProtocol = {
    dumpsTyped: async (value) => {
      seen.push(value);
      if (typeof value === "bigint") throw given;
      return ["mine", new TextEncoder().encode(JSON.stringify(value))];
    },
    loadsTyped: async (_, data) => JSON.parse(decoder.decode(data as Uint8Array)) as unknown,
  };
  const saver = createSaver({ serde, keyPrefix: newPrefix() });
  const record = { lc: 1, type: "constructor", id: ["a", "b"], n: null };
  const { config } = await putStep(saver, emptyThread(), { record });

  expect(seen).toContain(record);
  expect((await valuesAt(saver, config))?.record).toEqual(record);
  await expect(
    saver.put(emptyThread().config, makeCheckpoint({ n: 1n }, { n: 1 }), metadataOf("loop"), { n: 1 }),
  ).rejects.toBe(given);
});
