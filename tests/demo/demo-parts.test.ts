import type { Message } from "@langchain/langgraph-sdk";
import { describe, expect, it } from "vitest";
import { toMarkdown } from "../../demo/src/conversation/export.js";
import { updateOf, valuesIn } from "../../demo/src/history/state-update.js";
import { costOf, sum } from "../../demo/src/threads/cost.js";
import { titleOf } from "../../demo/src/threads/title.js";

/* Parts of the page that need no page. */

const human = (content: string, id?: string): Message => ({ type: "human", content, ...(id && { id }) });

describe("what is written so that a state becomes another one", () => {
  it("leaves out what stays, so that a channel that adds up does not have it twice", () => {
    expect(updateOf({ kept: [1], changed: 1 }, { kept: [1], changed: 2, more: null })).toEqual({
      changed: 2,
      more: null,
    });
  });

  it("replaces a message by its id, adds one, and removes one", () => {
    const [a, b] = [human("a", "1"), human("b", "2")];
    expect(updateOf({ messages: [a, b] }, { messages: [human("A", "1"), human("c")] })).toEqual({
      messages: [{ type: "remove", id: "2" }, human("A", "1"), human("c")],
    });
  });

  it("is nothing of a channel that was left out, and refused where nothing was changed", () => {
    expect(updateOf({ a: 1, b: 2 }, { b: 3 })).toEqual({ b: 3 });
    for (const after of [{ a: 1, b: 2 }, { b: 2 }, {}])
      expect(() => updateOf({ a: 1, b: 2 }, after)).toThrow("Nothing has been changed yet.");
  });

  it("is read from JSON, which has to be an object", () => {
    expect(valuesIn('{"a": 1}')).toEqual({ a: 1 });
    expect(() => valuesIn("{oops")).toThrow("This is not JSON");
    for (const text of ["[]", "null", "1"]) expect(() => valuesIn(text), text).toThrow("A state is an object");
  });
});

describe("what a run cost", () => {
  it("adds up DynamoDB's operations and the model's tokens", () => {
    const usage = {
      Query: { requests: 2, bytes_sent: 10, bytes_received: 90, read_units: 1.5, write_units: 0 },
      PutItem: { requests: 3, bytes_sent: 100, bytes_received: 0, read_units: 0, write_units: 4 },
    };
    const usage_metadata = { input_tokens: 7, output_tokens: 5, total_tokens: 12 };
    const update = { agent: { messages: [{ type: "ai", content: "", usage_metadata }] }, tools: null };
    expect(sum([costOf("usage", usage)!, costOf("updates", update)!])).toEqual({
      requests: 5,
      readUnits: 1.5,
      writeUnits: 4,
      bytes: 200,
      inputTokens: 7,
      outputTokens: 5,
    });
  });

  it("is nothing where another server means something else by such an event", () => {
    for (const data of [null, "text", { tokens: 3 }, { model: { requests: "many" } }])
      expect(costOf("usage", data), JSON.stringify(data)).toEqual(sum([]));
    expect(costOf("messages", [])).toBeUndefined();
  });
});

describe("a conversation as Markdown", () => {
  it("fences what tools answer so that nothing in it ends the fence", () => {
    const messages: Message[] = [
      human("Hi"),
      { type: "ai", content: "", tool_calls: [{ id: "1", name: "look", args: { at: "x" } }] },
      { type: "tool", name: "look", tool_call_id: "1", content: "a\n```\nb" },
    ];
    expect(toMarkdown("t", messages)).toBe(
      "# Hi\n\nThread t\n\n## You\n\nHi\n\n## Agent\n\nAsked for **look**:\n\n```\n" +
        '{\n  "at": "x"\n}\n```\n\n**look** answered:\n\n````\na\n```\nb\n````\n',
    );
  });
});

it("a title is the first line of the first question, shortened", () => {
  expect(titleOf([{ type: "ai", content: "Welcome" }, human("  One\ntwo")])).toBe("One");
  expect(titleOf([human("x".repeat(81))])).toBe(`${"x".repeat(80)}…`);
  expect([titleOf([]), titleOf(undefined), titleOf([human(" ")])]).toEqual([undefined, undefined, undefined]);
});
