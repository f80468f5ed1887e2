import { describe, expect, test } from "vitest";
import { emptyThread, noiseText, putChain, putStep } from "../../lanes/savers/checkpoints.js";
import { place, run, saverAt } from "../run.js";
import { linesOf } from "./inspected.js";

describe("the timeline", () => {
  test("asks for a page of checkpoints at once, and once for what many of them refer to", async () => {
    const where = place();
    await putChain(
      saverAt(where),
      emptyThread("t"),
      Array.from({ length: 60 }, (_, n) => ({ own: noiseText(2_000, n + 1), shared: 1 })),
    );

    const { stderr } = await run(where, ["inspect", "t", "--json", "--verbose"]);

    const requests = stderr
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[1]);
    // The marker, three ranges of namespaces, and 60 segments.
    expect(requests.sort()).toEqual(["BatchGetItem", "GetItem", "Query", "Query", "Query"]);
  });

  test("a thread that a run goes on writing is shown as it was at one moment", async () => {
    const where = place();
    const saver = saverAt(where);
    const steps = await putChain(
      saver,
      emptyThread("t"),
      Array.from({ length: 40 }, (_, n) => ({ n, text: noiseText(30_000, n + 1) })),
    );
    let isRunning = true;
    const writing = (async () => {
      for (let last = steps.at(-1)!, n = 100; isRunning; n++)
        last = await putStep(saver, last, { n, text: noiseText(30_000, n) });
    })();

    const lines = await linesOf(where, ["t"]);
    isRunning = false;
    await writing;

    expect(lines.length).toBeGreaterThanOrEqual(40);
    expect(lines.flatMap(({ problems }) => problems)).toEqual([]);
    const ids = lines.map(({ checkpointId }) => checkpointId);
    expect(lines.slice(0, -1).map(({ parentId }) => parentId)).toEqual(ids.slice(1));
  });
});
