import { Serializable } from "@langchain/core/load/serializable";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatPromptValue } from "@langchain/core/prompt_values";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { emptyThread, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { countedSaver, RequestLog } from "../../lanes/stored/requests.js";
import { countedStore, createCache } from "../../lanes/savers/stores.js";
import { nested, withArtifact } from "../../lanes/stored/nested-values.js";

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
    "at account[0].a)",
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

  test("in an item of the store is refused, with its place, and left out by a cache, before it is sent", async () => {
    const { store, log } = countedStore();
    const cacheLog = new RequestLog();
    const cache = createCache({ fetch: cacheLog.fetch });
    await store.put(["users", "ada"], "profile", { old: true });
    const value = { account };

    const place = `(namespace ["users","ada"], key "profile", ${at}`;
    expect(await refusal(log, () => store.put(["users", "ada"], "profile", value))).toContain(`${problem} ${place}`);
    const set = await cacheLog.during(() => cache.set([{ key: [["users", "ada"], "profile"], value }]));
    expect(set.operations).toEqual([]);
    expect((await store.get(["users", "ada"], "profile"))?.value).toEqual({ old: true });
  });
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
