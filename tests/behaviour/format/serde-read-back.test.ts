import { AIMessage, AIMessageChunk, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { PromptTemplate } from "@langchain/core/prompts";
import { isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { emptyThread, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { countedSaver } from "../../lanes/stored/requests.js";

const chunk = (): AIMessageChunk =>
  new AIMessageChunk({ content: "x", tool_call_chunks: [{ name: "f", args: "{}", id: "1", index: 0 }] });
const prompt = (): PromptTemplate =>
  new PromptTemplate({ template: "{a}", inputVariables: ["a"], validateTemplate: true });
const blocks = (): AIMessage =>
  new AIMessage({ content: [{ type: "text", text: "hi" }], response_metadata: { output_version: "v1" } });
const answer = (): AIMessage =>
  new AIMessage({ content: "x", tool_calls: [{ id: "1", name: "f", args: {} }], response_metadata: { a: 1 } });

/** An object, and what it takes to make it one of which `load` can make none. */
const SPOILT: [name: string, make: () => object, spoil: object, className: string][] = [
  ["chunks of tool calls that are null", chunk, { tool_call_chunks: null }, "AIMessageChunk"],
  ["chunks of tool calls that only look like a list", chunk, { tool_call_chunks: { length: 1 } }, "AIMessageChunk"],
  ["a text in place of its chunks of tool calls", chunk, { tool_call_chunks: "abc" }, "AIMessageChunk"],
  ["a text in place of its metadata", answer, { response_metadata: "v1" }, "AIMessage"],
  [
    "raw tool calls and none beside them",
    answer,
    { tool_calls: null, additional_kwargs: { tool_calls: [{ function: { name: "f", arguments: "{}" } }] } },
    "AIMessage",
  ],
  ["a null among its blocks", blocks, { content: [{ type: "text", text: "hi" }, null] }, "AIMessage"],
  ["a template without an end", prompt, { template: "{a} {b" }, "PromptTemplate"],
];

describe.each(SPOILT)("an object of LangChain's with %s", (_, make, spoil, className) => {
  const spoilt = (): object => Object.assign(make(), spoil);

  test.each<[string, (value: object) => unknown]>([
    ["as a value", (value) => value],
    [
      "in the artifact of a tool's message",
      (artifact) => new ToolMessage({ content: "x", tool_call_id: "1", artifact }),
    ],
  ])("is refused %s, whatever of its class was stored before", async (_, holding) => {
    const { saver, log } = countedSaver();
    const step = await putStep(saver, emptyThread(), { value: holding(make()) });

    const { result, operations } = await log.during(() =>
      putStep(saver, step, { value: holding(spoilt()) }).then(
        () => undefined,
        (error: unknown) => error,
      ),
    );

    expect(operations).toEqual([]);
    expect(result).toSatisfy(isDynamoDBSaverError);
    expect(result).toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringMatching(
        new RegExp(`^An object of the class \\S*/${className} cannot be read back `),
      ) as string,
    });
    expect(Object.keys((await valuesAt(saver, step.config)) as object)).toEqual(["value"]);
  });
});

test("what LangChain's load can make is stored and read, with names and kinds of arguments of any sort", async () => {
  const { saver } = countedSaver();
  const values = [
    new AIMessage({ content: "", response_metadata: { length: 3 }, id: undefined as never }),
    new HumanMessage({ content: "x", additional_kwargs: { deep: { list: [null, 1, "2"] } } }),
    new HumanMessage({ content: "x", additional_kwargs: { message: new HumanMessage("y") } }),
    Object.assign(new AIMessage("x"), { tool_calls: null }),
    new ToolMessage({ content: "x", tool_call_id: "1", artifact: { lc: 1, length: 2 } }),
    blocks(),
    chunk(),
    prompt(),
  ];
  const step = await putStep(saver, emptyThread(), { values: [...values, ...values] });

  const { values: read } = (await valuesAt(saver, step.config)) as { values: { constructor: { name: string } }[] };

  expect(read.map(({ constructor }) => constructor.name)).toEqual(
    [...values, ...values].map(({ constructor }) => constructor.name),
  );
});
