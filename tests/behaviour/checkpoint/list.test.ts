import { beforeAll, describe, expect, it } from "vitest";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noise,
  putChain,
  putStep,
  threadIdOf,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { countedSaver } from "../../lanes/stored/requests.js";

describe("list", () => {
  const saver = createSaver();
  const steps: Step[] = [];
  let newestFirst: string[];
  const thread = () => latestOf(steps[0]!);

  beforeAll(async () => {
    for (let i = 0; i < 12; i++) {
      const metadata = {
        source: i % 3 ? "loop" : "input",
        step: i,
        user: { name: i % 2 ? "ann" : "bob", tags: ["x", { n: i % 4 }] },
        ...(i === 5 && { note: null }),
      };
      steps.push(await putStep(saver, steps.at(-1) ?? emptyThread(), { n: i }, { metadata }));
      await saver.putWrites(steps.at(-1)!.config, [["n", i]], "task");
    }
    newestFirst = steps.map(({ checkpoint }) => checkpoint.id).reverse();
  });

  it("gives whole checkpoints, newest first", async () => {
    const tuples = await collect(saver.list(thread()));
    expect(idsOf(tuples)).toEqual(newestFirst);
    for (const tuple of tuples) expect(tuple).toEqual(await saver.getTuple(tuple.config));
  });

  it.each([0, 1, 5, 11, 12, 13, 1_000])("gives at most %i when asked for so many", async (limit) => {
    expect(idsOf(await collect(saver.list(thread(), { limit })))).toEqual(newestFirst.slice(0, limit));
    expect(idsOf(await collect(saver.list({ configurable: { thread_id: threadIdOf(steps[0]!) } }, { limit })))).toEqual(
      newestFirst.slice(0, limit),
    );
  });

  it("gives those before a checkpoint, without that one", async () => {
    expect(idsOf(await collect(saver.list(thread(), { before: steps[4]!.config })))).toEqual(newestFirst.slice(8));
    expect(idsOf(await collect(saver.list(thread(), { before: steps[4]!.config, limit: 2 })))).toEqual(
      newestFirst.slice(8, 10),
    );
    expect(
      idsOf(
        await collect(saver.list({ configurable: { thread_id: threadIdOf(steps[0]!) } }, { before: steps[4]!.config })),
      ),
    ).toEqual(newestFirst.slice(8));
    expect(await collect(saver.list(thread(), { before: steps[0]!.config }))).toEqual([]);
  });

  it("gives the one that the config names", async () => {
    expect(idsOf(await collect(saver.list(steps[3]!.config)))).toEqual([steps[3]!.checkpoint.id]);
    const { thread_id, checkpoint_id } = steps[3]!.config.configurable!;
    expect(idsOf(await collect(saver.list({ configurable: { thread_id, checkpoint_id } })))).toEqual([checkpoint_id]);
  });

  it.each<[string, Record<string, unknown>, (i: number) => boolean]>([
    ["one value", { source: "input" }, (i) => i % 3 === 0],
    ["two values", { source: "input", step: 9 }, (i) => i === 9],
    ["a nested value", { user: { name: "ann", tags: ["x", { n: 3 }] } }, (i) => i % 4 === 3],
    ["a nested value in another order", { user: { tags: ["x", { n: 3 }], name: "ann" } }, (i) => i % 4 === 3],
    ["null", { note: null }, (i) => i === 5],
    ["nothing", {}, () => true],
    ["a value that none has", { step: 99 }, () => false],
    ["a name that none has", { constructor: "x" }, () => false],
    ["a part of a nested value", { user: { name: "ann" } }, () => false],
  ])("filters by metadata: %s", async (_, filter, matches) => {
    const expected = newestFirst.filter((_, position) => matches(11 - position));
    expect(idsOf(await collect(saver.list(thread(), { filter })))).toEqual(expected);
    expect(idsOf(await collect(saver.list(thread(), { filter, limit: 2 })))).toEqual(expected.slice(0, 2));
  });

  it("may be broken off at any checkpoint", async () => {
    const seen: string[] = [];
    for await (const { checkpoint } of saver.list(thread())) if (seen.push(checkpoint.id) === 3) break;
    expect(seen).toEqual(newestFirst.slice(0, 3));
  });

  it("gives nothing of a thread or namespace that is not there", async () => {
    expect(await collect(saver.list({ configurable: { thread_id: "none" } }))).toEqual([]);
    expect(
      await collect(saver.list({ configurable: { thread_id: threadIdOf(steps[0]!), checkpoint_ns: "none" } })),
    ).toEqual([]);
  });
});

it("a list that is broken off reads no further page", async () => {
  const { saver, log } = countedSaver();
  const steps = await putChain(
    saver,
    emptyThread(),
    Array.from({ length: 30 }, (_, i) => ({ n: i })),
  );
  for (const [i, { config }] of steps.entries()) await saver.putWrites(config, [["n", noise(60_000, i + 1)]], "task");
  const thread = latestOf(steps[0]!);
  const broken = await log.during(async () => {
    for await (const { checkpoint } of saver.list(thread)) return checkpoint.id;
  });
  expect(broken).toMatchObject({ result: steps[29]!.checkpoint.id, operations: ["Query"] });
  const whole = await log.during(() => collect(saver.list(thread)));
  expect(idsOf(whole.result)).toEqual(steps.map(({ checkpoint }) => checkpoint.id).reverse());
  expect(whole.operations.length).toBeGreaterThan(1);
});

describe("several namespaces and threads", () => {
  const saver = createSaver();
  const byThread = new Map<string, Step[]>();
  const namespaces = ["", "child:1", "child:1|grandchild:2", "child:10", "kid"];

  beforeAll(async () => {
    for (const threadId of ["one", "two", "three"]) {
      const steps = [];
      for (const ns of namespaces)
        steps.push(...(await putChain(saver, emptyThread(threadId, ns), [{ n: 1, ns }, { n: 2 }])));
      byThread.set(threadId, steps);
    }
  });

  it("are all listed for a config that names none, newest first within each namespace", async () => {
    const steps = byThread.get("two")!;
    const tuples = await collect(saver.list({ configurable: { thread_id: "two" } }));
    expect(idsOf(tuples).toSorted()).toEqual(steps.map(({ checkpoint }) => checkpoint.id).toSorted());
    for (const ns of namespaces) {
      const listed = tuples.filter(({ config }) => config.configurable?.checkpoint_ns === ns);
      expect(listed.map(({ checkpoint }) => checkpoint.channel_values)).toEqual([
        { n: 2, ns },
        { n: 1, ns },
      ]);
    }
  });

  it.each(namespaces)("give only their own for the namespace %j", async (ns) => {
    const tuples = await collect(saver.list({ configurable: { thread_id: "one", checkpoint_ns: ns } }));
    expect(tuples.map(({ checkpoint }) => checkpoint.channel_values)).toEqual([
      { n: 2, ns },
      { n: 1, ns },
    ]);
    expect(await valuesAt(saver, { configurable: { thread_id: "one", checkpoint_ns: ns } })).toEqual({ n: 2, ns });
  });

  it("are all listed without a thread, of one namespace or of all, up to the limit", async () => {
    const all = [...byThread.values()].flat();
    expect(idsOf(await collect(saver.list({}))).toSorted()).toEqual(
      all.map(({ checkpoint }) => checkpoint.id).toSorted(),
    );
    const roots = await collect(saver.list({ configurable: { checkpoint_ns: "" } }));
    expect(roots.map(({ config }) => config.configurable?.thread_id as string).toSorted()).toEqual([
      "one",
      "one",
      "three",
      "three",
      "two",
      "two",
    ]);
    expect(await collect(saver.list({}, { limit: 13 }))).toHaveLength(13);
    expect(
      await collect(saver.list({ configurable: { checkpoint_ns: "kid" } }, { filter: { source: "loop" }, limit: 5 })),
    ).toHaveLength(5);
  });
});

describe("listThreads", () => {
  const saver = createSaver();
  const ids = Array.from({ length: 40 }, (_, i) => `${i % 2 ? "Thread" : "thread 😀"} ${i}`);
  const inOrder = ids.toSorted();

  beforeAll(async () => {
    await Promise.all(ids.map((id) => putStep(saver, emptyThread(id), { n: 1 })));
  });

  it("gives every thread once, in the order of the ids, with the time of its first checkpoint", async () => {
    const threads = await collect(saver.listThreads());
    expect(threads.map(({ threadId }) => threadId)).toEqual(inOrder);
    for (const { createdAt } of threads) expect(new Date(createdAt).toISOString()).toBe(createdAt);
  });

  it.each([1, 7, 39, 40, 100])("gives pages of %i that together are all threads", async (limit) => {
    const pages: string[][] = [];
    for (let after: string | undefined; pages.length <= 40; after = pages.at(-1)!.at(-1)) {
      const page = await collect(saver.listThreads({ limit, after }));
      if (page.length === 0) break;
      pages.push(page.map(({ threadId }) => threadId));
    }
    expect(pages.flat()).toEqual(inOrder);
    expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
  });

  it("gives none for a limit of 0, and what is after an id that is no thread", async () => {
    expect(await collect(saver.listThreads({ limit: 0 }))).toEqual([]);
    expect((await collect(saver.listThreads({ after: "a" })))[0]?.threadId).toBe(inOrder.find((id) => id > "a"));
  });

  it("keeps the time of the first checkpoint, and forgets a deleted thread", async () => {
    const own = createSaver();
    const first = await putStep(own, emptyThread("kept"), { n: 1 });
    const [before] = await collect(own.listThreads());
    await putStep(own, emptyThread("kept"), { n: 2 });
    await putStep(own, first, { n: 3 });
    await putStep(own, emptyThread("gone"), { n: 1 });
    await own.deleteThread("gone");
    expect(await collect(own.listThreads())).toEqual([before]);
  });
});
