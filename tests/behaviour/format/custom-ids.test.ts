import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  putStep,
  threadIdOf,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";

/** What comes before `#` and just after it, what is escaped in keys, and what UTF-16 orders in another way. */
const SIGNS = ["\u0000", " ", "!", '"', "#", "$", "%", "&", "a", "~", "\ufffd", "😀"];
/** In the order of their code points, as the signs are. */
const IDS = SIGNS.flatMap((first) => [first, ...SIGNS.map((second) => first + second)]);

/** Puts checkpoints of these ids, one under the other, in an order that is not theirs. */
async function putAll(saver: DynamoDBSaver, ids: string[]): Promise<Step> {
  const steps: Step[] = [];
  const halves = [...ids.filter((_, i) => i % 2 === 1).toReversed(), ...ids.filter((_, i) => i % 2 === 0)];
  for (const id of halves) steps.push(await putStep(saver, steps.at(-1) ?? emptyThread(), { id }, { id }));
  return steps[0]!;
}

describe("checkpoints with ids of a user's own", () => {
  test("are in the order of their code points, whatever signs are in them", async () => {
    const saver = createSaver();
    const step = await putAll(saver, IDS);
    const newestFirst = IDS.toReversed();

    expect((await saver.getTuple(latestOf(step)))?.checkpoint.id).toBe(IDS.at(-1));
    expect(idsOf(await collect(saver.list(latestOf(step))))).toEqual(newestFirst);
    for (const [i, id] of IDS.entries()) {
      if (i % 7 !== 0) continue;
      const before = { configurable: { checkpoint_id: id } };
      const below = newestFirst.slice(IDS.length - i);
      expect(idsOf(await collect(saver.list(latestOf(step), { before })))).toEqual(below);
      expect(idsOf(await collect(saver.list({ configurable: { thread_id: threadIdOf(step) } }, { before })))).toEqual(
        below,
      );
    }
  });

  test.each<[string, string[]]>([
    ["too long to stand in a key", ["a", "b", "c", "d"].map((end) => "x".repeat(900) + end)],
    ["of halves of characters", ["\ud800", "\ud800a", "b", "\udfff", "😀"]],
  ])("are in one order for the latest, a list and all before one, where they are %s", async (_, ids) => {
    const saver = createSaver();
    const step = await putAll(saver, ids);

    const listed = idsOf(await collect(saver.list(latestOf(step))));

    expect(listed.toSorted()).toEqual(ids.toSorted());
    expect((await saver.getTuple(latestOf(step)))?.checkpoint.id).toBe(listed[0]);
    for (const [i, id] of listed.entries()) {
      const before = { configurable: { checkpoint_id: id } };
      expect(idsOf(await collect(saver.list(latestOf(step), { before })))).toEqual(listed.slice(i + 1));
      expect(idsOf(await collect(saver.list({ configurable: { thread_id: threadIdOf(step) } }, { before })))).toEqual(
        listed.slice(i + 1),
      );
    }
  });
});
