import { AIMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { emptyThread, noise, noiseText, putChain, putStep } from "../../lanes/savers/checkpoints.js";
import { putDeltaThread } from "../../lanes/savers/delta-thread.js";
import { place, run, runInTerminal, saverAt } from "../run.js";
import { linesOf } from "./inspected.js";

describe("the state at a checkpoint", () => {
  test("is a tree of channels with kinds and sizes, and of what tasks have written", async () => {
    const where = place();
    const saver = saverAt(where);
    const message = new AIMessage("Hello");
    const step = await putStep(saver, emptyThread("t"), {
      messages: [message],
      user: { name: "Ann", tags: ["a", "b"] },
      file: noise(50),
    });
    await saver.putWrites(
      step.config,
      [
        ["messages", "from a task"],
        ["__interrupt__", [{ value: "Go on?" }]],
      ],
      "task-1",
    );

    const { text, code } = await runInTerminal(where, ["inspect", "t", "--checkpoint", "latest"], { columns: 120 });

    expect(code).toBe(0);
    for (const line of [
      /^checkpoint 1f0a0000-/m,
      /messages \(\d+ B, version 1\) list of 1$/m,
      /\[0\] AIMessage$/m,
      /content "Hello"$/m,
      /user \(\d+ B, version 1\) object$/m,
      /tags list of 2$/m,
      /file \(50 B, version 1\) bytes <50 B>$/m,
      /task task-1$/m,
      /messages \(13 B\) "from a task"$/m,
      /__interrupt__ \(\d+ B\) list of 1/,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text).not.toContain("additional_kwargs");
  });

  test("is found by the beginning of its id, from another one, and in any namespace", async () => {
    const where = place();
    const saver = saverAt(where);
    const ids = ["aa-1", "aa-2", "ab-1"];
    let at = emptyThread("t");
    for (const [n, id] of ids.entries()) at = await putStep(saver, at, { n }, { id });
    await putStep(saver, emptyThread("t", "sub:1"), { n: 9 }, { id: "zz-1" });
    const idOf = async (text: string, ...more: string[]): Promise<string> =>
      (await linesOf(where, ["t", "--checkpoint", text, ...more]))[0]!.checkpointId;

    expect(await idOf("latest")).toBe("ab-1");
    expect(await idOf("latest~2")).toBe("aa-1");
    expect(await idOf("ab")).toBe("ab-1");
    expect(await idOf("aa-2~1")).toBe("aa-1");
    expect(await idOf("zz")).toBe("zz-1");
    expect(await idOf("latest", "--namespace", "sub:1")).toBe("zz-1");
    for (const [text, problem] of [
      ["aa", "Several checkpoints"],
      ["nothing", "There is no checkpoint"],
      ["latest~3", "has no parent"],
    ]) {
      expect(await run(where, ["inspect", "t", "--checkpoint", text!])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(problem!),
      });
    }
  });

  test("gives a script every value", async () => {
    const where = place();
    const saver = saverAt(where);
    const step = await putStep(saver, emptyThread("t"), {
      text: noiseText(5_000),
      file: Uint8Array.of(1, 2, 3),
      nothing: null,
    });
    await saver.putWrites(step.config, [["text", { deep: [1] }]], "task-1");

    const [state] = await linesOf(where, ["t", "--checkpoint", step.checkpoint.id]);

    expect(state).toMatchObject({
      checkpointId: step.checkpoint.id,
      metadata: { source: "loop", step: 0 },
      channels: [
        { channel: "text", type: "json", version: 1, segments: 1, value: noiseText(5_000) },
        { channel: "file", type: "bytes", base64: "AQID" },
        { channel: "nothing", value: null },
      ],
      pendingWrites: [{ taskId: "task-1", writes: [{ index: 0, channel: "text", value: { deep: [1] } }] }],
    });
  });

  test("--channel shows one value in full, and when it changed", async () => {
    const where = place();
    const saver = saverAt(where);
    await putChain(saver, emptyThread("t"), [{ a: "first", b: 1 }, { b: 2 }, { a: "second" }, { b: 3 }]);

    const lines = await linesOf(where, ["t", "--channel", "a"]);
    const earlier = await linesOf(where, ["t", "--channel", "a", "--checkpoint", "latest~2"]);
    const { text } = await runInTerminal(where, ["inspect", "t", "--channel", "a"], { columns: 100 });

    expect(lines.map(({ change, value }) => [change, value])).toEqual([
      ["changed", "second"],
      ["added", "first"],
    ]);
    expect(earlier.map(({ value }) => value)).toEqual(["first"]);
    expect(text).toMatch(/^channel a at /m);
    expect(text.match(/"second"/g)).toHaveLength(2);
  });

  test("a DeltaChannel is shown as what its graph puts it together from", async () => {
    const where = place();
    await putDeltaThread(saverAt(where), "t");

    const [latest] = await linesOf(where, ["t"]);
    const state = await run(where, ["inspect", "t", "--checkpoint", "latest"]);
    const channel = await run(where, ["inspect", "t", "--channel", "log"]);

    expect(latest).toMatchObject({
      deltaChannels: { log: 1 },
      changes: [
        { channel: "log", change: "changed", bytes: 0 },
        { channel: "n", change: "added" },
      ],
    });
    expect(state.stdout).toContain("log DeltaChannel: put together by its graph from the writes of 1 superstep");
    expect(channel).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/stored DeltaSnapshot[\s\S]*written 2 times[\s\S]*by task 1 "b"/),
    });
  });
});
