import { Serializable } from "@langchain/core/load/serializable";
import { ToolMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { emptyThread, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { describeValue } from "../../lanes/hostile/hostile-values.js";
import { nested, textOf, withArtifact } from "../../lanes/stored/nested-values.js";

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
