import { AIMessage } from "@langchain/core/messages";
import { Annotation, Command, END, interrupt, Send, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { collect, emptyThread, noise, noiseText, putChain, putStep } from "../lanes/savers/checkpoints.js";
import { putDeltaThread } from "../lanes/savers/delta-thread.js";
import { deleteRaw, itemsOf, putRaw, withBytes } from "../lanes/stored/raw-table.js";
import { deleteObject, keysAt } from "../lanes/savers/s3-saver.js";
import { isWrites } from "../lanes/stored/sort-keys.js";
import { jsonLines, place, run, runInTerminal, saverAt, type Place } from "./run.js";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  approved: Annotation<string>,
});
const child = new StateGraph(State)
  .addNode("ask", () => ({ approved: interrupt<string, string>("May I?"), log: ["asked"] }))
  .addEdge(START, "ask")
  .compile();

/** A graph with all that decides which node is next: edges that join, sends, a subgraph that asks, a deferred node. */
const graphOn = (where: Place) =>
  new StateGraph(State)
    .addNode("a", () => ({ log: ["a"] }))
    .addNode("b", () => ({ log: ["b"] }))
    .addNode("c", () => ({ log: ["c"] }))
    .addNode("worker", () => ({ log: ["worker"] }))
    .addNode("child", child)
    .addNode("late", () => ({ log: ["late"] }), { defer: true })
    .addEdge(START, "a")
    .addEdge(START, "b")
    .addEdge(["a", "b"], "c")
    .addConditionalEdges("c", () => [new Send("worker", { log: [] }), new Send("worker", { log: [] })])
    .addEdge("worker", "child")
    .addEdge("child", "late")
    .addEdge("late", END)
    .compile({ checkpointer: saverAt(where) });

const config = { configurable: { thread_id: "t" } };
/** JSON, read without types: a wrong guess is a failure that shows. */
type Line = ReturnType<typeof JSON.parse>;

async function linesOf(where: Place, args: readonly string[], code = 0): Promise<Line[]> {
  const ended = await run(where, ["inspect", ...args, "--json"]);
  expect({ code: ended.code, stderr: code === 0 ? ended.stderr : "" }).toEqual({ code, stderr: "" });
  return jsonLines(ended.stdout) as Line[];
}

const keyPrefixOf = ({ options }: Place): string => options.keyPrefix as string;

describe("the timeline", () => {
  test(
    "tells of each checkpoint what LangGraph tells: parent, step, source, what is next, and what " + "was asked",
    async () => {
      const where = place();
      const graph = graphOn(where);
      await graph.invoke({ log: ["began"] }, config);
      const asked = await graph.getState(config);
      await graph.updateState((await collect(graph.getStateHistory(config)))[2]!.config, { log: ["forked"] }, "c");
      const history = await collect(graph.getStateHistory(config));

      const lines = await linesOf(where, ["t"]);

      const root = lines.filter(({ namespace }) => namespace === "");
      expect(
        root.map(({ checkpointId, parentId, step, source, next }) => ({ checkpointId, parentId, step, source, next })),
      ).toEqual(
        history.map(({ config, parentConfig, metadata, next }) => ({
          checkpointId: config.configurable!.checkpoint_id,
          parentId: parentConfig?.configurable?.checkpoint_id ?? null,
          step: metadata!.step,
          source: metadata!.source,
          next,
        })),
      );
      const waiting = root.find(({ checkpointId }) => checkpointId === asked.config.configurable!.checkpoint_id)!;
      expect(waiting.tasks.flatMap((task: Line) => task.interrupts)).toEqual(
        asked.tasks.flatMap(({ interrupts }) => interrupts),
      );
      expect(new Set(lines.map(({ namespace }) => namespace.split(":")[0]))).toEqual(new Set(["", "child"]));
      expect(lines.map(({ namespace }) => namespace === "")).toEqual([
        ...root.map(() => true),
        ...lines.slice(root.length).map(() => false),
      ]);
    },
  );

  test("tells which nodes are next after an answer too, and of a node that waits for all others", async () => {
    const where = place();
    const graph = graphOn(where);
    await graph.invoke({ log: ["began"] }, config);
    await graph.invoke(new Command({ resume: "yes" }), config);

    const lines = await linesOf(where, ["t", "--namespace", ""]);

    const history = await collect(graph.getStateHistory(config));
    expect(lines.map(({ next }) => next)).toEqual(history.map(({ next }) => next));
    expect(lines.flatMap(({ next }) => next)).toContain("late");
  });

  test("draws forks as a graph", async () => {
    const where = place();
    const saver = saverAt(where);
    const [one, two] = await putChain(saver, emptyThread("t"), [{ a: 1 }, { a: 2 }]);
    await putStep(saver, two!, { a: 3 });
    await putStep(saver, one!, { b: 1 });
    const fork = await putStep(saver, one!, { c: 1 });
    await putStep(saver, fork, { a: 4 });

    const { lines, code } = await runInTerminal(where, ["inspect", "t"], { columns: 160 });

    expect(code).toBe(0);
    const drawn = lines.map((line) => /^[●│╯┴─┼ ]+/.exec(line)?.[0].trimEnd());
    expect(drawn.slice(1)).toEqual(["●", "●", "│ ●", "│ │ ●", "│ │ ●", "●─┴─╯"]);
    expect(lines[1]).toMatch(/ ~a +\d+ B +\d+ B$/);
    expect(lines.at(-1)).toMatch(/ \+a +\d+ B +\d+ B$/);
  });

  test("a step adds what it changed, and not what it shares with its parent", async () => {
    const where = place();
    const saver = saverAt(where);
    const text = noiseText(30_000, 5);
    await putChain(saver, emptyThread("t"), [
      { document: noiseText(20_000, 4), log: [text] },
      { log: [text, "short"] },
    ]);

    const [second, first] = await linesOf(where, ["t"]);

    expect(first!.changes.map(({ channel, change }: Line) => [channel, change])).toEqual([
      ["document", "added"],
      ["log", "added"],
    ]);
    expect(first!.bytes.newSegments).toBeGreaterThan(49_000);
    expect(second!.changes).toMatchObject([{ channel: "log", change: "changed" }]);
    expect(second!.bytes.newSegments).toBe(0);
    expect(second!.bytes.items).toBe(
      sizeOf(
        (await itemsOf(keyPrefixOf(where), "t", "C#")).filter(({ SK }) => SK!.S!.includes(second!.checkpointId))[0]!,
      ),
    );
    expect(second!.bytes.state).toBeGreaterThan(50_000);
  });

  test("says what tasks have failed with, and marks what waits for an answer", async () => {
    const where = place();
    const saver = saverAt(where);
    const step = await putStep(saver, emptyThread("t"), { a: 1 });
    await saver.putWrites(step.config, [["__error__", { name: "Error", message: "out of stock" }]], "task-1");
    await saver.putWrites(step.config, [["__interrupt__", [{ value: "Send it?", id: "1" }]]], "task-2");

    const { text } = await runInTerminal(where, ["inspect", "t"], { columns: 160 });

    expect(text).toContain('failed: "out of stock"; waits: "Send it?"; +a');
  });

  test("has room in narrow terminals, and no colour where none is wanted", async () => {
    const where = place();
    await putChain(saverAt(where), emptyThread("t"), [{ a: 1 }, { a: 2, "a-channel-with-a-long-name": 1 }]);
    const narrow = await runInTerminal(where, ["inspect", "t"], { columns: 40 });
    const medium = await runInTerminal({ env: { ...where.env, NO_COLOR: "1" } }, ["inspect", "t"], { columns: 100 });
    const piped = await run(where, ["inspect", "t"]);

    for (const { lines, columns } of [
      { ...narrow, columns: 40 },
      { ...medium, columns: 100 },
    ])
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(narrow.text).toMatch(/^step +0$/m);
    expect(narrow.raw).toContain("\u001b[36m");
    expect(medium.raw).not.toContain("\u001b[36m");
    expect(medium.lines[0]).toMatch(/^ +step +checkpoint +time +next +what changed +added +state$/);
    expect(piped.stdout).not.toContain("\u001b");
  });

  test("--limit shows the newest, and says so", async () => {
    const where = place();
    const steps = await putChain(
      saverAt(where),
      emptyThread("t"),
      Array.from({ length: 60 }, (_, n) => ({ n })),
    );
    const ids = steps.map(({ checkpoint }) => checkpoint.id).reverse();

    expect((await linesOf(where, ["t", "--limit", "3"])).map(({ checkpointId }) => checkpointId)).toEqual(
      ids.slice(0, 3),
    );
    expect((await linesOf(where, ["t"])).map(({ checkpointId }) => checkpointId)).toEqual(ids);
    const people = await run(where, ["inspect", "t"]);
    expect(people.stdout.trimEnd().split("\n")).toHaveLength(51);
    expect(people.stderr).toContain("The newest 50. For all of them: --limit 0");
    expect((await run(where, ["inspect", "t", "--limit", "0"])).stdout.trimEnd().split("\n")).toHaveLength(61);
  });

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

  test("a parent that was pruned is none, and one that has vanished is said to be gone", async () => {
    const where = place();
    const saver = saverAt(where);
    const steps = await putChain(saver, emptyThread("t"), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    await saver.prune({ threadIds: ["t"], keepLast: 3, graceSeconds: 0 });
    const vanished = (await itemsOf(keyPrefixOf(where), "t", `C##${steps[2]!.checkpoint.id}`))[0]!;
    await deleteRaw(vanished);

    const lines = await linesOf(where, ["t"]);

    expect(
      lines.map(({ parentId, parentIsThere, changes }) => ({
        parentId,
        parentIsThere,
        changes: changes?.length ?? null,
      })),
    ).toEqual([
      { parentId: steps[2]!.checkpoint.id, parentIsThere: false, changes: null },
      { parentId: null, parentIsThere: false, changes: null },
    ]);
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

  test("a thread that is not there is an error", async () => {
    expect(await run(place(), ["inspect", "nobody"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining('There is no thread "nobody"'),
    });
  });
});

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

describe("what is broken", () => {
  const values = { good: noiseText(3_000, 1), bad: noiseText(3_000, 2) };

  async function brokenThread(where: Place): Promise<{ ids: string[]; segments: Awaited<ReturnType<typeof itemsOf>> }> {
    const steps = await putChain(saverAt(where), emptyThread("t"), [
      { good: values.good },
      { bad: values.bad },
      { n: 1 },
    ]);
    return {
      ids: steps.map(({ checkpoint }) => checkpoint.id).reverse(),
      segments: await itemsOf(keyPrefixOf(where), "t", "S#"),
    };
  }

  /** The segment with these bytes: of two of the same length, that which only later checkpoints refer to. */
  async function segmentOf(where: Place, text: string): Promise<Awaited<ReturnType<typeof itemsOf>>[number]> {
    const digest = async (bytes: Uint8Array): Promise<string> =>
      Buffer.from(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).toString("base64url");
    const json = new TextEncoder().encode(JSON.stringify(text));
    const name = await digest(json.slice(0, json.length - 64));
    return (await itemsOf(keyPrefixOf(where), "t", "S#")).find(({ SK }) => SK!.S!.endsWith(name))!;
  }

  test("a missing part is named where it is missing, and everything else is shown", async () => {
    const where = place();
    const { ids } = await brokenThread(where);
    await deleteRaw(await segmentOf(where, values.bad));

    const lines = await linesOf(where, ["t"], 1);
    const state = await run(where, ["inspect", "t", "--checkpoint", "latest"]);
    const people = await run(where, ["inspect", "t"]);

    expect(
      lines.map(({ checkpointId, problems }) => [
        checkpointId,
        problems.map(({ code, part }: Line) => `${code} ${part}`),
      ]),
    ).toEqual([
      [ids[0], ["MISSING_DATA bad"]],
      [ids[1], ["MISSING_DATA bad"]],
      [ids[2], []],
    ]);
    expect(people.stdout).toContain("MISSING_DATA: bad");
    expect(people.stderr).toContain("2 checkpoints cannot be read whole.");
    expect(state.code).toBe(1);
    expect(state.stdout).toMatch(/bad \(3 kB, version 1, 1 segment\) Segment \S+ is missing \[MISSING_DATA\]/);
    expect(state.stdout).toMatch(/good \(3 kB, version 1, 1 segment\) "/);
  });

  test("a part with other bytes is found by reading it", async () => {
    const where = place();
    await brokenThread(where);
    await putRaw(
      withBytes(await segmentOf(where, values.bad), "data", (bytes) =>
        bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
      ),
    );

    expect((await linesOf(where, ["t"])).flatMap(({ problems }) => problems)).toEqual([]);
    expect(
      (await linesOf(where, ["t", "--verify"], 1)).map(({ problems }) =>
        problems.map(({ code, part }: Line) => `${code} ${part}`),
      ),
    ).toEqual([["DAMAGED_DATA bad"], ["DAMAGED_DATA bad"], []]);
  });

  test(
    "a checkpoint that cannot be read at all stands in its place, and its children are not " + "compared with it",
    async () => {
      const where = place();
      const { ids } = await brokenThread(where);
      const item = (await itemsOf(keyPrefixOf(where), "t", `C##${ids[1]}`))[0]!;
      await putRaw(withBytes(item, "data", (bytes) => bytes.slice(0, 10)));

      const lines = await linesOf(where, ["t"], 1);
      const { text, code } = await runInTerminal(where, ["inspect", "t"], { columns: 160 });

      expect(
        lines.map(({ checkpointId, parentId, parentIsThere, changes, problems }) => ({
          checkpointId,
          parentId,
          parentIsThere,
          changes: changes?.length ?? null,
          problems: problems.map(({ code }: Line) => code),
        })),
      ).toEqual([
        { checkpointId: ids[0], parentId: ids[1], parentIsThere: true, changes: null, problems: [] },
        { checkpointId: ids[1], parentId: ids[2], parentIsThere: true, changes: null, problems: ["DAMAGED_DATA"] },
        { checkpointId: ids[2], parentId: null, parentIsThere: false, changes: 1, problems: [] },
      ]);
      expect({ code, lines: text.split("\n").map((line) => line[0]) }).toEqual({
        code: 1,
        lines: [" ", "●", "●", "●", "1"],
      });
    },
  );

  test("writes of one task that cannot be read do not hide those of another", async () => {
    const where = place();
    const saver = saverAt(where);
    const step = await putStep(saver, emptyThread("t"), { n: 1 });
    for (const task of ["task-1", "task-2"]) await saver.putWrites(step.config, [["n", 2]], task);
    const item = (await itemsOf(keyPrefixOf(where), "t", "C#")).find((item) => isWrites(item, "task-1"))!;
    await putRaw(withBytes(item, "w0", (bytes) => bytes.slice(0, 5)));

    const [line] = await linesOf(where, ["t"], 1);

    expect(line!.tasks.map(({ taskId }: Line) => taskId)).toEqual(["task-2"]);
    expect(line!.problems).toMatchObject([{ code: "DAMAGED_DATA", part: "(writes in task-1)" }]);
  });

  test("what is encrypted is shown as far as it can be without the key, and whole with it", async () => {
    const where = place();
    const key = noise(32, 9);
    await putChain(saverAt(where, { encryption: { key } }), emptyThread("t"), [
      { text: "hidden words" },
      { text: "more hidden words" },
    ]);
    const withKey = { ...where, env: { ...where.env, CHECKPOINT_ENCRYPTION_KEY: Buffer.from(key).toString("base64") } };

    const without = await linesOf(where, ["t"], 1);
    const state = await run(where, ["inspect", "t", "--checkpoint", "latest"]);

    expect(without).toMatchObject([
      { parentIsThere: true, problems: [{ code: "DECRYPTION_FAILED" }] },
      { parentId: null, problems: [{ code: "DECRYPTION_FAILED" }] },
    ]);
    expect(state).toMatchObject({ code: 1, stdout: expect.stringContaining("A value is encrypted") });
    expect((await run(where, ["inspect", "t"])).stderr).toContain("--encryption-key-file");
    expect(await linesOf(withKey, ["t"])).toMatchObject([
      { changes: [{ channel: "text", change: "changed" }] },
      { changes: [{ channel: "text", change: "added" }] },
    ]);
    expect((await run(withKey, ["inspect", "t", "--checkpoint", "latest"])).stdout).toContain('"more hidden words"');
  });

  test(
    "values in S3 are shown, their objects missed by reading them, and without the bucket the rest " + "is shown",
    async () => {
      const where = place({ s3: true });
      await putChain(saverAt(where), emptyThread("t"), [{ large: noise(6_000), small: 1 }, { small: 2 }]);
      const { CHECKPOINT_S3_BUCKET: _, CHECKPOINT_S3_PREFIX: __, ...env } = where.env;

      expect((await linesOf(where, ["t", "--verify"])).flatMap(({ problems }) => problems)).toEqual([]);
      expect((await linesOf(where, ["t", "--checkpoint", "latest"]))[0]!.channels[0]).toMatchObject({
        channel: "large",
        base64: Buffer.from(noise(6_000)).toString("base64"),
      });
      const [withoutBucket] = await linesOf({ ...where, env }, ["t", "--checkpoint", "latest"], 1);
      expect(withoutBucket!.channels).toMatchObject([
        { channel: "large", problem: { code: "INVALID_CONFIG" } },
        { channel: "small", value: 2 },
      ]);

      for (const key of await keysAt({ s3: where.options.s3 } as Parameters<typeof keysAt>[0])) await deleteObject(key);
      expect(
        (await linesOf(where, ["t", "--verify"], 1)).map(({ problems }) =>
          problems.map(({ code, part }: Line) => `${code} ${part}`),
        ),
      ).toEqual([["MISSING_DATA large"], ["MISSING_DATA large"]]);
    },
  );
});

/** As "DynamoDB item sizes and formats" has it, for what items of the saver hold. */
function sizeOf(item: Awaited<ReturnType<typeof itemsOf>>[number]): number {
  const valueSize = ({ S, N, B }: Partial<Record<"S" | "N" | "B", string>>): number =>
    S?.length ?? (B === undefined ? Math.ceil(N!.length / 2) + 1 : atob(B).length);
  return Object.entries(item).reduce((sum, [name, value]) => sum + name.length + valueSize(value), 0);
}
