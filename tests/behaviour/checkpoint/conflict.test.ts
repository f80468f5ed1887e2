import { END, interrupt, MemorySaver, START, StateGraph, Annotation, Command } from "@langchain/langgraph";
import { CheckpointConflictError, isDynamoDBSaverError, type DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noiseText,
  putChain,
  putStep,
  valuesAt,
} from "../../lanes/savers/checkpoints.js";
import { awsError, errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { deleteRaw, itemsOf, itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { countedSaver, newPrefix } from "../../lanes/stored/requests.js";
import { saverAt } from "../../lanes/savers/s3-saver.js";
import { goneAt } from "../../lanes/stored/stored-format.js";
import { rejecting, thread } from "../../lanes/savers/rejecting-saver.js";

provideContext();

test("by default both branches are kept, and the newest id is the latest", async () => {
  const keyPrefix = newPrefix();
  const one = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
  const left = await putStep(createSaver({ keyPrefix }), one, { n: "left" });
  const right = await putStep(createSaver({ keyPrefix }), one, { n: "right" });
  const reader = createSaver({ keyPrefix });
  expect(idsOf(await collect(reader.list(latestOf(one))))).toEqual(
    [right, left, one].map(({ checkpoint }) => checkpoint.id),
  );
  expect(await valuesAt(reader, latestOf(one))).toEqual({ n: "right" });
});

describe('with conflict: "reject"', () => {
  test("the second of two writers gets a CheckpointConflictError, and nothing of it is stored", async () => {
    const { world, two } = await thread();
    const three = await putStep(rejecting(world), two, { n: 3 });
    const before = await itemsWithPrefix(world.keyPrefix);
    const error = await errorOf(putStep(rejecting(world), two, { n: "late", document: noiseText(5_000) }, { id: "9" }));

    expect(error).toBeInstanceOf(CheckpointConflictError);
    expect(isDynamoDBSaverError(error)).toBe(true);
    expect(error).toMatchObject({
      code: "CONFLICT",
      name: "CheckpointConflictError",
      threadId: "t",
      checkpointNs: "",
      checkpointId: "9",
      parentId: two.checkpoint.id,
      headId: three.checkpoint.id,
      message: expect.stringContaining("read it again"),
    });
    expect(await itemsWithPrefix(world.keyPrefix)).toEqual(before);
    expect(await valuesAt(rejecting(world), latestOf(two))).toEqual({ n: 3 });
  });

  test("of many writers at once, one gets through, and the others can go on from it", async () => {
    const { world, two } = await thread();
    let head = two;
    for (let round = 0; round < 5; round++) {
      const attempts = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) => putStep(rejecting(world), head, { n: `${round}.${i}` })),
      );
      const stored = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? attempt.value : []));
      expect(stored).toHaveLength(1);
      for (const attempt of attempts)
        if (attempt.status === "rejected") expect(attempt.reason).toMatchObject({ code: "CONFLICT" });
      head = stored[0]!;
      expect(await valuesAt(rejecting(world), latestOf(head))).toEqual(head.checkpoint.channel_values);
    }
    expect(await collect(rejecting(world).list(latestOf(head)))).toHaveLength(7);
  });

  test("two first checkpoints of a thread conflict too", async () => {
    const world = { keyPrefix: newPrefix() };
    const attempts = await Promise.allSettled([1, 2].map((n) => putStep(rejecting(world), emptyThread("t"), { n })));
    expect(attempts.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await collect(rejecting(world).list({ configurable: { thread_id: "t" } }))).toHaveLength(1);
  });

  test("namespaces do not meet, and neither do threads", async () => {
    const { world, two } = await thread();
    const saver = rejecting(world);
    for (const place of [emptyThread("t", "child"), emptyThread("t", "child:1"), emptyThread("u")]) {
      const [, last] = await putChain(saver, place, [{ n: 1 }, { n: 2 }]);
      expect(await valuesAt(rejecting(world), latestOf(last!))).toEqual({ n: 2 });
    }
    await putStep(saver, two, { n: 3 });
  });

  test("a put sends one request more, also from another instance", async () => {
    const { world, two } = await thread();
    const { saver, log } = countedSaver({ ...world, conflict: "reject" });
    const cold = await log.during(() => putStep(saver, two, { n: 3 }));
    expect(cold.operations).toEqual(["PutItem", "Query", "UpdateItem"]);
    const warm = await log.during(() => putStep(saver, cold.result, { n: 4 }));
    expect(warm.operations).toEqual(["PutItem", "UpdateItem"]);
    const segments = await log.during(() => putStep(saver, warm.result, { document: noiseText(5_000) }));
    expect(segments.operations).toEqual(["PutItem", "PutItem", "UpdateItem"]);
  });

  test("a put that is made again is no conflict", async () => {
    const { world, two } = await thread();
    const { saver, sent } = saverAt(
      { keyPrefix: world.keyPrefix },
      async ({ operation, forward, number }) => {
        const answer = await forward();
        // The answer to each request is lost the first time.
        return operation !== "GetItem" && number % 2 === 0 ? awsError("InternalServerError", { status: 500 }) : answer;
      },
      { conflict: "reject" },
    );
    const three = await putStep(saver, two, { n: 3 });
    expect(sent.length).toBeGreaterThan(3);
    const again = await putStep(rejecting(world), two, { n: 3 }, { id: three.checkpoint.id });
    expect(await valuesAt(rejecting(world), latestOf(again))).toEqual({ n: 3 });
    await putStep(rejecting(world), again, { n: 4 });
  });

  test(
    "forks and replays from an older checkpoint are refused; a saver that keeps branches makes them, and the " +
      "others go on from there",
    async () => {
      const { world, one, two } = await thread();
      for (const source of ["fork", "update", "loop"]) {
        expect(await errorOf(putStep(rejecting(world), one, { n: source }, { metadata: { source } }))).toMatchObject({
          code: "CONFLICT",
          headId: two.checkpoint.id,
        });
      }
      const fork = await putStep(createSaver(world), one, { n: "fork" }, { metadata: { source: "fork" } });
      const next = await putStep(rejecting(world), fork, { n: 4 });
      expect(await valuesAt(rejecting(world), latestOf(next))).toEqual({ n: 4 });
      await putStep(rejecting(world), next, { n: 5 });
      expect(await errorOf(putStep(rejecting(world), two, { n: 6 }))).toMatchObject({ code: "CONFLICT" });
    },
  );

  test("a thread that was begun without it can be gone on with", async () => {
    const world = { keyPrefix: newPrefix() };
    const [one, two] = await putChain(createSaver(world), emptyThread("t"), [{ n: 1 }, { n: 2 }]);
    expect(await errorOf(putStep(rejecting(world), one!, { n: 3 }))).toMatchObject({
      code: "CONFLICT",
      headId: two!.checkpoint.id,
    });
    const three = await putStep(rejecting(world), two!, { n: 3 });
    expect(await errorOf(putStep(rejecting(world), two!, { n: 4 }))).toMatchObject({
      code: "CONFLICT",
      headId: three.checkpoint.id,
    });
  });

  test("a put under a deleted thread is a conflict, and leaves nothing", async () => {
    const { world, two } = await thread();
    const agent = rejecting(world);
    await agent.getTuple(two.config);
    await createSaver(world).deleteThread("t");
    for (const saver of [agent, rejecting(world)])
      expect(await errorOf(putStep(saver, two, { n: 3 }))).toMatchObject({ code: "CONFLICT", headId: undefined });
    expect(await itemsWithPrefix(world.keyPrefix)).toEqual([]);
    await putStep(agent, emptyThread("t"), { n: 1 });
  });

  test("the head item ends with what needs it, and a thread whose head item has expired goes on", async () => {
    const { world, two } = await thread({ ttlSeconds: 1_000 });
    const [head] = await itemsOf(world.keyPrefix, "t", "H#");
    expect(goneAt(head!)).toBeLessThanOrEqual(Date.now() / 1_000 + 1_501);
    expect(goneAt(head!)).toBeGreaterThan(Date.now() / 1_000 + 1_400);
    await deleteRaw(head!);
    await putStep(rejecting(world), two, { n: 3 });
    expect(await errorOf(putStep(rejecting(world), two, { n: 4 }))).toMatchObject({ code: "CONFLICT" });
  });
});

test('a graph with interrupts and updateState runs with conflict: "reject" as with MemorySaver', async () => {
  const State = Annotation.Root({ log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }) });
  const graph = (checkpointer: DynamoDBSaver | MemorySaver) =>
    new StateGraph(State)
      .addNode("ask", () => ({ log: [`asked: ${interrupt<string, string>("name?")}`] }))
      .addNode("answer", ({ log }) => ({ log: [`answer ${log.length}`] }))
      .addEdge(START, "ask")
      .addEdge("ask", "answer")
      .addEdge("answer", END)
      .compile({ checkpointer });
  const config = { configurable: { thread_id: "1" } };
  const run = async (checkpointer: DynamoDBSaver | MemorySaver): Promise<unknown> => {
    const agent = graph(checkpointer);
    await agent.invoke({ log: ["hello"] }, config);
    await agent.invoke(new Command({ resume: "Ada" }), config);
    await agent.updateState(config, { log: ["noted"] });
    return (await agent.invoke({ log: ["again"] }, config)).log;
  };
  expect(await run(createSaver({ conflict: "reject" }))).toEqual(await run(new MemorySaver()));
});

test.each(["keep", "", true, 1])("conflict: %j is refused", (conflict) => {
  const make = (): unknown => createSaver({ conflict: conflict as "branch" });
  expect(make).toThrow(
    expect.objectContaining({ code: "INVALID_CONFIG", message: 'conflict must be one of "branch", "reject".' }),
  );
});
