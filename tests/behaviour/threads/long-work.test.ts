import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { ThreadsFailedError, type DynamoDBSaver, type PruneProgress } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { describe, expect, it } from "vitest";
import { intercepted, type AwsRequest } from "../../lanes/stored/aws-requests.js";
import { collect, emptyThread, idsOf, noise, noiseText, putChain, putStep } from "../../lanes/savers/checkpoints.js";
import { errorOf, hang } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";

provideContext();

const idle = { graceSeconds: 0 };
const threadsOf = async (saver: DynamoDBSaver): Promise<string[]> =>
  (await collect(saver.listThreads())).map(({ threadId }) => threadId);
const stepsOf = async (saver: DynamoDBSaver, thread_id: string): Promise<number> =>
  (await collect(saver.list({ configurable: { thread_id } }))).length;

async function putThreads(saver: DynamoDBSaver, ids: string[]): Promise<void> {
  for (const id of ids) await putChain(saver, emptyThread(id), [{ n: 1 }, { n: 2 }, { n: 3 }]);
}

describe("work that takes long", () => {
  it("is done when it is called, and its promise has all that promises have", async () => {
    const saver = createSaver();
    await putThreads(saver, ["a"]);
    const work = saver.prune({ all: true, keepLast: 1, ...idle });
    expect(work).toBeInstanceOf(Promise);
    await new Promise<void>((done) => void work.finally(done));
    expect(await stepsOf(saver, "a")).toBe(1);
    expect(await saver.prune({}).catch((error: { code: string }) => error.code)).toBe("INVALID_INPUT");
    expect(await saver.copyThread("a", "").catch((error: { code: string }) => error.code)).toBe("INVALID_INPUT");
    expect(
      await saver
        .prune({ all: true, keepLast: 1, onProgress: 1 as never })
        .catch((error: { message: string }) => error.message),
    ).toContain("onProgress");
    expect(
      await saver
        .prune({ all: true, keepLast: 1, signal: 1 as never })
        .catch((error: { message: string }) => error.message),
    ).toContain("signal");
  });

  it("is done with the arrays that it was given, as they were when it was called", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    for (const id of ["a", "b", "c"]) await putChain(saver, emptyThread(id), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    for (const id of ["a", "b", "c"])
      await putStep(saver, emptyThread(id, "run"), { n: 1 }, { metadata: { run_id: `run ${id}` } });
    const ids = ["a"];
    const runs = ["run b"];
    const channels = ["n"];
    const pruning = saver.prune({ threadIds: ids, strategy: "delete" });
    const deleting = saver.deleteForRuns(runs, { threadIds: ((ids[0] = "b"), ids) });
    const reading = saver.getDeltaChannelHistory({ config: { configurable: { thread_id: "c" } }, channels });
    const importing = createSaver({ keyPrefix: newPrefix() }).importFrom(saver, { threadIds: ((ids[0] = "c"), ids) });
    ids.push("b", "a");
    ids[0] = "a";
    runs.push("run c");
    channels.push("m");

    await pruning;
    expect(await threadsOf(saver)).toEqual(["b", "c"]);
    expect(await deleting).toMatchObject({ checkpoints: 1 });
    expect(Object.keys(await reading)).toEqual(["n"]);
    expect(await importing).toMatchObject({ threads: 1, checkpoints: 4 });
  });

  it("sends nothing after its signal has fired, and goes on when it is called again", async () => {
    const keyPrefix = newPrefix();
    const ids = ["a", "b", "c"];
    await putThreads(createSaver({ keyPrefix }), ids);
    const { fetch, sent } = intercepted();
    const saver = createSaver({ keyPrefix, fetch });
    const controller = new AbortController();
    const reason = new Error("enough");
    let atAbort = 0;
    const onProgress = ({ freed }: PruneProgress): void => {
      if (freed.checkpoints !== 4) return;
      controller.abort(reason);
      atAbort = sent.length;
    };
    const error = await errorOf(
      saver.prune({ threadIds: ids, keepLast: 1, ...idle, signal: controller.signal, onProgress }),
    );
    expect(error).toMatchObject({ code: "ABORTED", cause: reason });
    expect(sent).toHaveLength(atAbort);
    expect([await stepsOf(saver, "b"), await stepsOf(saver, "c")]).toEqual([1, 3]);
    expect(await saver.prune({ threadIds: ids, keepLast: 1, ...idle })).toMatchObject({ checkpoints: 2 });
  });

  it.each<[method: string, work: (saver: DynamoDBSaver, signal: AbortSignal) => Promise<unknown>]>([
    ["prune", (saver, signal) => saver.prune({ all: true, keepLast: 1, signal })],
    ["deleteForRuns", (saver, signal) => saver.deleteForRuns(["run"], { signal })],
    ["copyThread", (saver, signal) => saver.copyThread("a", "b", { signal })],
    [
      "importThread of lines that do not come",
      (saver, signal) =>
        saver.importThread(
          { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) },
          { signal },
        ),
    ],
    ["importFrom", (saver, signal) => saver.importFrom(new MemorySaver(), { signal })],
  ])("%s ends with ABORTED, also with a request under way", async (method, work) => {
    const keyPrefix = newPrefix();
    await putThreads(createSaver({ keyPrefix }), ["a"]);
    const before = AbortSignal.abort();
    expect(await errorOf(work(createSaver({ keyPrefix }), before))).toMatchObject({ code: "ABORTED" });
    const controller = new AbortController();
    const waiting = (request: AwsRequest): ReturnType<typeof hang> => {
      controller.abort();
      return hang(request);
    };
    const { fetch } = intercepted(waiting);
    const call = work(createSaver({ keyPrefix, fetch }), controller.signal);
    // Those that send nothing here are stopped from outside.
    if (method.startsWith("import")) controller.abort();
    expect(await errorOf(call)).toMatchObject({ code: "ABORTED" });
  });

  it("waits for onProgress, and ends with what that throws", async () => {
    const saver = createSaver();
    await putThreads(saver, ["a", "b"]);
    const said: string[] = [];
    const onProgress = async ({ threadId }: PruneProgress): Promise<void> => {
      await Promise.resolve();
      said.push(threadId);
      throw new RangeError("a mistake in a log line");
    };
    await expect(saver.prune({ threadIds: ["a", "b"], keepLast: 1, ...idle, onProgress })).rejects.toThrow(RangeError);
    expect(said).toEqual(["a"]);
    expect(await stepsOf(saver, "b")).toBe(3);
  });
});

describe("a thread that cannot be read", () => {
  const key = noise(32, 5);

  it("does not keep those behind it from being pruned, and the promise says at the end which it was", async () => {
    const keyPrefix = newPrefix();
    await putThreads(createSaver({ keyPrefix }), ["a", "d"]);
    await putThreads(createSaver({ keyPrefix, encryption: { key } }), ["b"]);
    await putChain(createSaver({ keyPrefix }), emptyThread("c"), [
      { n: 1, text: noiseText(3_000) },
      { n: 2 },
      { n: 3 },
    ]);
    const saver = createSaver({ keyPrefix });
    const errors: unknown[] = [];
    const onProgress = ({ threadId, error }: PruneProgress): void =>
      void (error && errors.push([threadId, error.code]));
    const error = await errorOf(saver.prune({ all: true, keepLast: 1, ...idle, onProgress }));

    expect(error).toBeInstanceOf(ThreadsFailedError);
    expect(error).toMatchObject({
      code: "DECRYPTION_FAILED",
      threads: 4,
      freed: { checkpoints: 6 },
      failed: [{ threadId: "b", error: { code: "DECRYPTION_FAILED", threadId: "b" } }],
    });
    expect(error.message).toContain('1 of 4 threads could not be pruned: "b" (DECRYPTION_FAILED)');
    expect(errors).toEqual([["b", "DECRYPTION_FAILED"]]);
    for (const id of ["a", "c", "d"]) expect(await stepsOf(saver, id)).toBe(1);
    expect(await stepsOf(createSaver({ keyPrefix, encryption: { key } }), "b")).toBe(3);

    await expect(saver.prune({ threadIds: ["b"], keepLast: 1 })).rejects.toMatchObject({
      name: "CheckpointDataError",
      code: "DECRYPTION_FAILED",
    });
    await expect(saver.deleteForRuns(["run"], { threadIds: ["b", "c"] })).rejects.toMatchObject({
      name: "ThreadsFailedError",
    });
    expect(await threadsOf(saver)).toEqual(["a", "b", "c", "d"]);
  });
});

describe("deleteForRuns", () => {
  const State = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
  const graphOn = (checkpointer: DynamoDBSaver) => {
    const child = new StateGraph(State)
      .addNode("c", () => ({ log: ["c"] }))
      .addEdge(START, "c")
      .addEdge("c", END)
      .compile({ checkpointer: true });
    return new StateGraph(State)
      .addNode("a", () => ({ log: ["a"] }))
      .addNode("child", child)
      .addEdge(START, "a")
      .addEdge("a", "child")
      .addEdge("child", END)
      .compile({ checkpointer });
  };

  it.each<[name: string, given: (run_id: string) => { configurable?: object; metadata?: Record<string, unknown> }]>([
    ["configurable.run_id", (run_id) => ({ configurable: { run_id } })],
    ["metadata.run_id", (run_id) => ({ metadata: { run_id } })],
  ])("finds what a graph, its subgraphs and updateState have put with %s", async (_, given) => {
    const saver = createSaver();
    const of = (run: string) => {
      const { configurable, metadata } = given(run);
      return { configurable: { thread_id: "t", ...configurable }, ...(metadata && { metadata }) };
    };
    await graphOn(saver).invoke({ log: ["first"] }, of("run 1"));
    const before = idsOf(await collect(saver.list({ configurable: { thread_id: "t" } })));
    const state = (await graphOn(saver).getState({ configurable: { thread_id: "t" } })).values as unknown;
    await graphOn(saver).invoke({ log: ["second"] }, of("run 2"));
    await graphOn(saver).updateState(of("run 2"), { log: ["by hand"] }, "a");
    const put = idsOf(await collect(saver.list({ configurable: { thread_id: "t" } }))).length - before.length;

    expect(await saver.deleteForRuns(["run 2"])).toMatchObject({ checkpoints: put });

    expect(idsOf(await collect(saver.list({ configurable: { thread_id: "t" } })))).toEqual(before);
    expect((await graphOn(saver).getState({ configurable: { thread_id: "t" } })).values).toEqual(state);
    expect((await saver.getTuple({ configurable: { thread_id: "t" } }))!.metadata).not.toHaveProperty("run_id");
  });

  it("a run without an id is not found", async () => {
    const saver = createSaver();
    await graphOn(saver).invoke(
      { log: ["first"] },
      { configurable: { thread_id: "t" }, runId: "11111111-1111-4111-8111-111111111111" },
    );
    expect(await saver.deleteForRuns(["11111111-1111-4111-8111-111111111111"])).toMatchObject({ checkpoints: 0 });
  });

  it("an id is data, and goes along with a copy", async () => {
    const saver = createSaver();
    const run_id = "a#b%\ud800é";
    const config = { configurable: { ...emptyThread("t").config.configurable, run_id } };
    await putStep(saver, { ...emptyThread("t"), config }, { n: 1 });
    await saver.copyThread("t", "copy");
    expect(await saver.deleteForRuns([run_id])).toMatchObject({ checkpoints: 2 });
    await saver.prune({ all: true, keepLast: 1, graceSeconds: 0 });
    expect(await threadsOf(saver)).toEqual([]);
  });
});
