import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import type { AwsRequest } from "../../../lanes/stored/aws-requests.js";
import { collect, emptyThread, idsOf, noise, putStep, valuesAt, type Step } from "../../../lanes/savers/checkpoints.js";
import { errorOf } from "../../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../../lanes/savers/harness.js";
import { newPrefix } from "../../../lanes/stored/requests.js";
import { newPlace, saverAt } from "../../../lanes/savers/s3-saver.js";

provideContext();

/* What a run, a pruning or a restoration that goes wrong has left, and who may still see it. */

const T = { configurable: { thread_id: "t" } };
const passSeconds = (seconds: number): void =>
  void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1_000 });
afterEach(() => {
  vi.useRealTimers();
});

describe("deleteForRuns", () => {
  const State = Annotation.Root({ status: Annotation<string> });
  const graphOn = (checkpointer: DynamoDBSaver) =>
    new StateGraph(State)
      .addNode("ask", () => ({ status: interrupt<string, string>("Send it?") === "yes" ? "sent" : "declined" }))
      .addEdge(START, "ask")
      .addEdge("ask", END)
      .compile({ checkpointer });
  const as = (run_id: string) => ({ configurable: { thread_id: "t", run_id } });

  test.each(["sync", "async", "exit"] as const)(
    "takes the answer to an interrupt with the run that gave it (durability %s), and the next one counts",
    async (durability) => {
      const keyPrefix = newPrefix();
      await graphOn(createSaver({ keyPrefix })).invoke({ status: "new" }, { ...as("A"), durability });
      await graphOn(createSaver({ keyPrefix })).invoke(new Command({ resume: "yes" }), { ...as("B"), durability });
      await createSaver({ keyPrefix }).deleteForRuns(["B"], { threadIds: ["t"] });

      const graph = graphOn(createSaver({ keyPrefix }));
      expect((await graph.getState(T)).values).toEqual({ status: "new" });
      expect((await graph.getState(T)).next).toEqual(["ask"]);
      expect(JSON.stringify(await collect(createSaver({ keyPrefix }).list(T)))).not.toMatch(/yes|sent/);
      expect(await graph.invoke(new Command({ resume: "no" }), { ...as("C"), durability })).toMatchObject({
        status: "declined",
      });
    },
  );

  // With LangGraph 1.4, such a task has nothing left to be answered after `exit`.
  const isOld = inject("peers")["@langchain/langgraph-checkpoint"]!.startsWith("1.1.");
  test.each(isOld ? (["sync"] as const) : (["sync", "exit"] as const))(
    "lets a task that asked several times begin with its first question again (durability %s)",
    async (durability) => {
      const keyPrefix = newPrefix();
      const asking = () =>
        new StateGraph(State)
          .addNode("ask", () => ({ status: `${interrupt("name?")} ${interrupt("age?")} ${interrupt("city?")}` }))
          .addEdge(START, "ask")
          .compile({ checkpointer: createSaver({ keyPrefix }) });
      const answer = async (resume: string, run: string) =>
        asking().invoke(new Command({ resume }), { ...as(run), durability });
      await asking().invoke({ status: "new" }, { ...as("A"), durability });
      await answer("Ada", "B");
      await answer("36", "C");
      await createSaver({ keyPrefix }).deleteForRuns(["C"], { threadIds: ["t"] });
      expect((await asking().getState(T)).next).toEqual(["ask"]);
      await answer("Bob", "D");
      await answer("40", "E");
      expect(await answer("Rome", "F")).toMatchObject({ status: "Bob 40 Rome" });
    },
  );

  test(
    "leaves what other runs have written to the same task, and a late attempt of the run " + "changes nothing",
    async () => {
      const keyPrefix = newPrefix();
      const { config } = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 }, { id: "1" });
      const by = (run_id: string) => ({ configurable: { ...config.configurable, run_id } });
      await createSaver({ keyPrefix }).putWrites(by("A"), [["n", "of A"]], "task");
      let late: AwsRequest | undefined;
      const { saver } = saverAt({ keyPrefix }, (request) => {
        if (late || request.operation !== "UpdateItem") return undefined;
        late = request;
        throw new TypeError("the connection was reset");
      });
      await saver.putWrites(
        by("B"),
        [
          ["n", "late"],
          ["m", "of B"],
          ["__interrupt__", "of B"],
          ...Array.from({ length: 120 }, (_, i): [string, unknown] => ["k", i]),
        ],
        "task",
      );
      await createSaver({ keyPrefix }).deleteForRuns(["B"]);
      const written = async (): Promise<unknown> => (await createSaver({ keyPrefix }).getTuple(config))?.pendingWrites;
      expect(await written()).toEqual([["task", "n", "of A"]]);
      await late!.forward();
      expect(await written()).toEqual([["task", "n", "of A"]]);
      // By a machine whose clock is behind.
      passSeconds(-60);
      await createSaver({ keyPrefix }).putWrites(
        by("C"),
        [
          ["n", "late"],
          ["m", "of C"],
        ],
        "task",
      );
      expect(await written()).toEqual([
        ["task", "n", "of A"],
        ["task", "m", "of C"],
      ]);
    },
  );

  test("what it hides from readers is in no export or copy but where something is rebuilt from it", async () => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const one = await putStep(saver, emptyThread("t"), { n: 1 }, { id: "1" });
    await putStep(saver, one, { n: "secret of B" }, { id: "2", metadata: { run_id: "B" } });
    await saver.deleteForRuns(["B"]);
    expect(
      (await collect(createSaver({ keyPrefix }).exportThread("t"))).map((line) => line.includes("C##2#")),
    ).not.toContain(true);
    await createSaver({ keyPrefix }).copyThread("t", "again");
    expect(idsOf(await collect(createSaver({ keyPrefix }).list({ configurable: { thread_id: "again" } })))).toEqual([
      "1",
    ]);
  });
});

describe("an import that fails", () => {
  const linesOf = async (keyPrefix: string): Promise<string[]> => {
    const saver = createSaver({ keyPrefix });
    await putStep(saver, emptyThread("t"), { document: noise(6_000) }, { id: "1" });
    return collect(saver.exportThread("t"));
  };

  test("leaves a run alone that begins under its id while it cleans up", async () => {
    const keyPrefix = newPrefix();
    const lines = await linesOf(keyPrefix);
    const run = createSaver({ keyPrefix });
    let hasFailed = false;
    let step: Step | undefined;
    const { saver } = saverAt({ keyPrefix }, async ({ operation, body, forward }) => {
      const answer = await forward();
      if (hasFailed && !step && operation !== "UpdateItem" && body.includes("T#new"))
        step = await putStep(run, emptyThread("new"), { n: "run" }, { id: "1" });
      return answer;
    });
    async function* cutShort(): AsyncGenerator<string> {
      yield* lines.slice(0, -1);
      hasFailed = true;
    }
    await errorOf(saver.importThread(cutShort(), { threadId: "new" }));
    expect(await valuesAt(createSaver({ keyPrefix }), step!.config)).toEqual({ n: "run" });
    const next = await putStep(run, step!, { m: 2 }, { id: "2" });
    expect(await valuesAt(createSaver({ keyPrefix }), next.config)).toEqual({ n: "run", m: 2 });
  });

  test.each<[how: string, options: object]>([
    [
      "whose onProgress throws",
      {
        onProgress: () => {
          throw new Error("enough");
        },
      },
    ],
    ["whose process dies", { signal: AbortSignal.timeout(0) }],
  ])("%s is not there, and nothing of it is left after prunings of everything", async (_, options) => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    for (let n = 0; n < 120; n++)
      await putStep(
        saver,
        emptyThread("t"),
        { document: noise(1_500, n + 1) },
        { id: `1${String(n).padStart(3, "0")}` },
      );
    await errorOf(createSaver({ keyPrefix }).copyThread("t", "again", options));
    for (let i = 0; i < 3; i++) {
      passSeconds(5 * 86_400);
      await createSaver({ keyPrefix }).prune({ all: true, keepLast: 1_000 });
    }
    expect((await collect(createSaver({ keyPrefix }).listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
  });
});

describe("a late attempt of a pruning", () => {
  test.each([
    ["of a segment", () => ({ keyPrefix: newPrefix() }), "DeleteItem"],
    ["of an object", newPlace, "DeleteObjects"],
  ] as const)(
    "to delete the value %s takes nothing from a checkpoint that has it since",
    async (_, place, operation) => {
      const at = place();
      let first: AwsRequest | undefined;
      const { saver } = saverAt(at, (request) => {
        if (
          first ||
          !(request.operation === operation || (operation === "DeleteObjects" && request.method === "DELETE"))
        )
          return undefined;
        first = request;
        throw new TypeError("the connection was reset");
      });
      const document = noise(6_000);
      const one = await putStep(saver, emptyThread("t"), { document }, { id: "1" });
      const two = await putStep(saver, one, { document: "small" }, { id: "2" });
      await saver.prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 });
      expect(first).toBeDefined();
      const three = await putStep(saverAt(at).saver, two, { document }, { id: "3" });
      await first!.forward();
      expect(await valuesAt(saverAt(at).saver, three.config)).toEqual({ document });
    },
  );
});
