import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { RuleModel } from "../workers/model/rule-model.js";

/** The example's stand-in for a language model reads what a stranger writes. */
const model = new RuleModel();
const answer = (text: string): Promise<AIMessage> => model.invoke([new HumanMessage(text)]);
const toRemember = async (text: string): Promise<unknown> => (await answer(text)).tool_calls?.[0]?.args;

test.each([
  ["Please remember that I wear size 43.", "I wear size 43"],
  ["remember that I like red!!!", "I like red"],
  ["Remember that I like red.\nAnd blue.", "I like red"],
  ["remember that v1.2 is out", "v1.2 is out"],
])("remembers what a person says: %j", async (text, fact) => {
  expect(await toRemember(text)).toEqual({ text: fact });
});

test.each(["remember that ", "remember that ...", "I remember that"])("remembers nothing of %j", async (text) => {
  expect(await toRemember(text)).toBeUndefined();
});

test("a text that is made to be looked at again and again is looked at once", async () => {
  const signs = "!".repeat(100_000);
  for (const text of [
    `${"remember that ".repeat(5_000)}${signs}\nx`,
    `remember that ${signs}x`,
    "1".repeat(200_000),
    `${"1 ".repeat(50_000)}x`,
    "find ".repeat(50_000),
  ])
    expect(AIMessage.isInstance(await answer(text))).toBe(true);
});
