import { describe, expect, it } from "vitest";
import { collect, emptyThread, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { countedSaver } from "../../lanes/stored/requests.js";

describe("listThreads", () => {
  it("takes a prefix, a place to start after, and says the latest checkpoint if it is asked for", async () => {
    const { saver, log } = countedSaver();
    const ids = ["a/1", "a/2", "a/3", "b/1", "a#", "a%"];
    const steps = new Map<string, Step>();
    for (const [i, id] of ids.entries())
      steps.set(id, await putStep(saver, emptyThread(id), { n: 1 }, { metadata: { step: i } }));
    const list = async (options: object): Promise<string[]> =>
      (await collect(saver.listThreads(options))).map(({ threadId }) => threadId);
    expect(await list({ prefix: "a/" })).toEqual(["a/1", "a/2", "a/3"]);
    expect(await list({ prefix: "a/", after: "a/1", limit: 1 })).toEqual(["a/2"]);
    expect(await list({ prefix: "a/", after: "Z" })).toEqual(["a/1", "a/2", "a/3"]);
    expect(await list({ prefix: "a/", after: "b" })).toEqual([]);
    expect(await list({ prefix: "a#" })).toEqual(["a#"]);
    expect(await list({ prefix: "c" })).toEqual([]);
    const listed = await log.during(() => collect(saver.listThreads({ prefix: "a/", latest: true })));
    expect(listed.result.map(({ threadId, latest }) => [threadId, latest])).toEqual(
      ["a/1", "a/2", "a/3"].map((id, step) => [id, { checkpointId: steps.get(id)!.checkpoint.id, step }]),
    );
    expect(listed.operations).toHaveLength(8 + 3);
  });
});
