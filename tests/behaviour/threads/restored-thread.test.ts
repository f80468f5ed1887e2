import { DeltaSnapshot, type PendingWrite } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  collect,
  emptyThread,
  idsOf,
  latestOf,
  noise,
  noiseText,
  putStep,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { isTombstone, isWrites } from "../../lanes/stored/sort-keys.js";

/*
 * A thread that is restored has the ids of the one that was saved, and is another one: neither a run of the deleted
 * thread nor a request that arrives late has a part in it.
 */

const T = { configurable: { thread_id: "t" } };
const exported = (saver: DynamoDBSaver): Promise<string[]> => collect(saver.exportThread("t"));

test.each(["BatchWriteItem", "DeleteItem", "DeleteObjects"])(
  "what an earlier %s of its deletion does when it arrives late takes nothing from it",
  async (late) => {
    const place = newPlace();
    const admin = saverAt(place).saver;
    const step = await putStep(admin, emptyThread("t"), { large: noise(6_000), text: noiseText(3_000) });
    await admin.putWrites(step.config, [["text", "pending"]], "task");
    const lines = await exported(admin);
    const arriving: (() => Promise<Response>)[] = [];
    const first = new Set<string>();
    const { saver } = saverAt(place, ({ operation, bytes, forward }) => {
      // The first attempt of each such request seems lost, and is only slow.
      const request = `${operation} ${new TextDecoder().decode(bytes)}`;
      if (operation !== late || first.has(request)) return undefined;
      first.add(request);
      arriving.push(forward);
      return Promise.reject(new TypeError("told by the test"));
    });
    await saver.deleteThread("t");
    await saverAt(place).saver.importThread(lines);
    await saverAt(place).saver.putWrites(step.config, [["text", "put since"]], "another task");
    expect(arriving.length).toBeGreaterThan(0);
    for (const forward of arriving) await forward();

    const tuple = await saverAt(place).saver.getTuple(latestOf(step));
    expect(tuple?.checkpoint.channel_values).toEqual(step.checkpoint.channel_values);
    expect(tuple?.pendingWrites).toEqual([
      ["another task", "text", "put since"],
      ["task", "text", "pending"],
    ]);
    expect(await collect(saverAt(place).saver.listThreads())).toHaveLength(1);
    await saverAt(place).saver.deleteThread("t");
    expect(await itemsWithPrefix(place.keyPrefix)).toEqual([]);
    expect(await keysAt(place)).toEqual([]);
  },
);

const kinds: [name: string, options: () => Partial<SaverOptions>][] = [
  ["plain", () => ({})],
  ["with encryption and s3", () => ({ s3: newPlace({ thresholdBytes: 2_000 }).s3, encryption: { key: noise(32, 5) } })],
];

describe.each(kinds)("%s: a run of the thread that was deleted", (_, options) => {
  test(
    "does not go on in the restored one, and its writes are not among those of the restored " + "checkpoint",
    async () => {
      const world = { ...options(), keyPrefix: newPrefix() };
      const [agent, admin] = [createSaver(world), createSaver(world)];
      const saved = await putStep(agent, emptyThread("t"), { document: "saved" });
      const lines = await exported(admin);
      const running = await putStep(agent, saved, { document: noiseText(5_000, 3) });
      await admin.deleteThread("t");
      await admin.importThread(lines);
      await agent.putWrites(saved.config, [["document", "of the deleted run"]], "task");
      const late = await putStep(agent, running, { n: 1 });

      const restored = await createSaver(world).getTuple(T);
      expect(restored).toMatchObject({ checkpoint: { channel_values: { document: "saved" } }, pendingWrites: [] });
      expect(idsOf(await collect(createSaver(world).list(T)))).toEqual([saved.checkpoint.id]);
      expect(await createSaver(world).getTuple(late.config)).toBeUndefined();

      // The same agent's next run is one of the restored thread.
      expect(await valuesAt(agent, T)).toEqual({ document: "saved" });
      await agent.putWrites(saved.config, [["document", "of the next run"]], "task");
      const next = await putStep(agent, saved, { n: 2 });
      expect((await createSaver(world).getTuple(saved.config))?.pendingWrites).toEqual([
        ["task", "document", "of the next run"],
      ]);
      expect(await valuesAt(createSaver(world), T)).toEqual(next.checkpoint.channel_values);
    },
  );
});

describe("a run that starts while its thread is restored", () => {
  test("has the thread, with all that it has put, and the copy is refused", async () => {
    const keyPrefix = newPrefix();
    await putStep(createSaver({ keyPrefix }), emptyThread("from"), { document: noiseText(3_000) });
    const runner = createSaver({ keyPrefix });
    const steps: Step[] = [];
    // Before each request of the copy, one step more.
    const { saver } = saverAt({ keyPrefix }, async ({ bytes, forward }) => {
      if (new TextDecoder().decode(bytes).includes("T#to") && steps.length < 6)
        steps.push(
          await putStep(runner, steps.at(-1) ?? emptyThread("to"), { document: noiseText(3_000), n: steps.length }),
        );
      return forward();
    });
    expect(await errorOf(Promise.resolve(saver.copyThread("from", "to")))).toMatchObject({ code: "INVALID_INPUT" });

    for (const { config, checkpoint } of steps)
      expect(await valuesAt(createSaver({ keyPrefix }), config)).toEqual(checkpoint.channel_values);
    expect(await valuesAt(createSaver({ keyPrefix }), { configurable: { thread_id: "to" } })).toEqual(
      steps.at(-1)!.checkpoint.channel_values,
    );
    expect((await collect(createSaver({ keyPrefix }).listThreads())).map(({ threadId }) => threadId)).toEqual([
      "from",
      "to",
    ]);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    "has it or finds it, whichever request of the copy it comes before: %i",
    async (turn) => {
      const keyPrefix = newPrefix();
      const document = noiseText(3_000);
      await putStep(createSaver({ keyPrefix }), emptyThread("from"), { document });
      let requests = 0;
      let acknowledged: Step | undefined;
      const { saver } = saverAt({ keyPrefix }, async ({ bytes, forward }) => {
        if (new TextDecoder().decode(bytes).includes("T#to") && ++requests === turn)
          acknowledged = await putStep(createSaver({ keyPrefix }), emptyThread("to"), { n: "run" });
        return forward();
      });
      const copied = await Promise.resolve(saver.copyThread("from", "to")).then(
        () => true,
        () => false,
      );

      expect(copied).toBe(acknowledged === undefined);
      const latest = await valuesAt(createSaver({ keyPrefix }), { configurable: { thread_id: "to" } });
      expect(latest).toEqual(copied ? { document } : { n: "run" });
      await createSaver({ keyPrefix }).deleteThread("to");
      expect(await itemsOf(keyPrefix, "to")).toEqual([]);
    },
  );
});

test("of two copies under one id at once, one is made, and what is put into it stays", async () => {
  const keyPrefix = newPrefix();
  await putStep(createSaver({ keyPrefix }), emptyThread("from"), { n: "original" });
  let other: Step | undefined;
  const { saver } = saverAt({ keyPrefix }, async ({ operation, bytes, forward }) => {
    if (operation === "BatchWriteItem" && !other && new TextDecoder().decode(bytes).includes("T#to")) {
      const one = createSaver({ keyPrefix });
      await one.copyThread("from", "to");
      const found = (await one.getTuple({ configurable: { thread_id: "to" } }))!;
      other = await putStep(one, found, { n: "next turn" });
    }
    return forward();
  });
  expect(await errorOf(Promise.resolve(saver.copyThread("from", "to")))).toMatchObject({ code: "INVALID_INPUT" });
  expect(await valuesAt(createSaver({ keyPrefix }), other!.config)).toEqual({ n: "next turn" });
  expect(await collect(createSaver({ keyPrefix }).list({ configurable: { thread_id: "to" } }))).toHaveLength(2);
});

describe("a thread that is deleted while it is read", () => {
  const restarts: [name: string, restart: (keyPrefix: string) => Promise<unknown>][] = [
    ["for good", async () => undefined],
    ["and started again", (keyPrefix) => putStep(createSaver({ keyPrefix }), emptyThread("t"), { document: "new" })],
  ];
  test.each(restarts.flatMap(([name, restart]) => [1, 2, 3, 4, 5, 6].map((at) => ({ name, restart, at }))))(
    "$name, is exported and copied whole or not at all: request $at",
    async ({ restart, at }) => {
      const keyPrefix = newPrefix();
      const original = { document: noiseText(3_000), n: 1 };
      await putStep(createSaver({ keyPrefix }), emptyThread("t"), original);
      await putStep(createSaver({ keyPrefix }), emptyThread("t", "child"), { n: 2 });
      for (const method of ["exportThread", "copyThread"] as const) {
        let requests = 0;
        const { saver } = saverAt({ keyPrefix }, async ({ bytes, forward }) => {
          if (/T#t"/.test(new TextDecoder().decode(bytes)) && ++requests === at) {
            await createSaver({ keyPrefix }).deleteThread("t");
            await restart(keyPrefix);
          }
          return forward();
        });
        const to = { configurable: { thread_id: `to ${method}` } };
        const result =
          method === "copyThread"
            ? Promise.resolve(saver.copyThread("t", to.configurable.thread_id))
            : exported(saver).then((lines) =>
                createSaver({ keyPrefix }).importThread(lines, { threadId: to.configurable.thread_id }),
              );
        const error: unknown = await result.then(
          () => undefined,
          (reason: unknown) => reason,
        );
        const copies = await collect(createSaver({ keyPrefix }).list(to));
        if (error !== undefined) expect(error).toMatchObject({ code: "INVALID_INPUT" });
        const values = copies.map(({ checkpoint }) => checkpoint.channel_values);
        const whole = [[{ n: 2 }, original], [{ document: "new" }]];
        expect(error === undefined ? whole : [[]]).toContainEqual(values);
        expect(error === undefined || (await itemsOf(keyPrefix, to.configurable.thread_id)).length === 0).toBe(true);
      }
    },
  );
});

describe("deleteForRuns beside a run", () => {
  const passSeconds = (seconds: number): void =>
    void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1_000 });
  afterEach(() => void vi.useRealTimers());

  const putAs = (
    saver: DynamoDBSaver,
    parent: Step,
    run_id: string,
    changes: Record<string, unknown>,
    metadata: object = {},
  ): Promise<Step> => putStep(saver, parent, changes, { metadata: { run_id, ...metadata } });

  test("keeps what the run puts while the thread is found empty, and the thread with it", async () => {
    const keyPrefix = newPrefix();
    const agent = createSaver({ keyPrefix });
    const first = await putAs(agent, emptyThread("t"), "one", { document: noiseText(3_000) });
    let next: Step | undefined;
    const { saver } = saverAt({ keyPrefix }, async ({ operation, forward }) => {
      const answer = await forward();
      if (operation === "BatchWriteItem") next ??= await putAs(agent, first, "two", { n: 2 });
      return answer;
    });
    expect(await saver.deleteForRuns(["one"], { threadIds: ["t"] })).toMatchObject({ checkpoints: 1 });
    expect(await valuesAt(createSaver({ keyPrefix }), T)).toEqual(next!.checkpoint.channel_values);
    passSeconds(4_000);
    await createSaver({ keyPrefix }).prune({ all: true, keepLast: 1 });
    expect(await valuesAt(createSaver({ keyPrefix }), T)).toEqual(next!.checkpoint.channel_values);
  });

  test("leaves an empty thread to a pruning after the grace period, unless a run begins in it", async () => {
    const keyPrefix = newPrefix();
    const prune = async (): Promise<void> => void (await createSaver({ keyPrefix }).prune({ all: true, keepLast: 1 }));
    for (const id of ["t", "other"])
      await putAs(createSaver({ keyPrefix }), emptyThread(id), "one", { document: noiseText(3_000) });
    await createSaver({ keyPrefix }).deleteForRuns(["one"]);
    expect(await collect(createSaver({ keyPrefix }).list({}))).toEqual([]);
    await prune();
    passSeconds(4_000);
    let begun: Step | undefined;
    const { saver } = saverAt({ keyPrefix }, async ({ operation, bytes, forward }) => {
      // The marker is about to be deleted.
      if (operation === "DeleteItem" && new TextDecoder().decode(bytes).includes('T#t"'))
        begun ??= await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: "begun" });
      return forward();
    });
    await saver.prune({ all: true, keepLast: 1 });
    expect(begun).toBeDefined();
    expect(await valuesAt(createSaver({ keyPrefix }), T)).toEqual({ n: "begun" });
    expect((await collect(createSaver({ keyPrefix }).listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
    expect(await itemsOf(keyPrefix, "other")).toEqual([]);
  });

  test(
    "keeps for it what its DeltaChannel is rebuilt from, out of sight, and frees that after the " + "grace period",
    async () => {
      const keyPrefix = newPrefix();
      const agent = createSaver({ keyPrefix });
      const counted = (n: number): object => ({ counters_since_delta_snapshot: { log: [n, n] } });
      const one = await putAs(agent, emptyThread("t"), "one", { log: new DeltaSnapshot([]) });
      await agent.putWrites(one.config, [["log", "first"]], "task 1");
      const without = ({ config }: Step, n: number): Step => ({
        config,
        checkpoint: { ...one.checkpoint, channel_values: {}, channel_versions: { log: n } },
      });
      const two = await putAs(agent, without(one, 2), "two", { n: 2 }, counted(1));
      await agent.putWrites(two.config, [["log", "second"]], "task 2");

      await createSaver({ keyPrefix }).deleteForRuns(["one", "two"], { threadIds: ["t"] });
      expect(await collect(createSaver({ keyPrefix }).list(T))).toEqual([]);
      expect(await createSaver({ keyPrefix }).getTuple(two.config)).toBeUndefined();
      // The run had read that before.
      const three = await putAs(agent, without(two, 3), "three", { n: 3 }, counted(2));
      const history = async (): Promise<unknown> =>
        (
          await createSaver({ keyPrefix }).getDeltaChannelHistory({ config: three.config, channels: ["log"] })
        ).log!.writes.map(([, , write]) => write);
      expect(await history()).toEqual(["first", "second"]);
      passSeconds(4_000);
      await createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1 });
      expect(await history()).toEqual(["first", "second"]);
      expect(idsOf(await collect(createSaver({ keyPrefix }).list(T)))).toEqual([three.checkpoint.id]);

      const four = await putAs(agent, three, "four", { log: new DeltaSnapshot(["first", "second"]) });
      for (let call = 0; call < 2; call++) {
        await createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1 });
        passSeconds(4_000);
      }
      expect((await itemsOf(keyPrefix, "t", "C##")).filter((item) => !isTombstone(item))).toHaveLength(1);
      expect(await valuesAt(createSaver({ keyPrefix }), T)).toEqual(four.checkpoint.channel_values);
    },
  );
});

describe("incarnations", () => {
  test(
    "a subgraph's first checkpoint is of the thread that its graph is of, in an instance that knew the one " +
      "before it",
    async () => {
      const world = { keyPrefix: newPrefix() };
      const [a, b] = [createSaver(world), createSaver(world)];
      await putStep(a, emptyThread("t"), { n: "old" });
      await b.deleteThread("t");
      const fresh = await putStep(b, emptyThread("t"), { n: "new" });
      // The run is resumed by the checkpoint's id: in one instance after a read, in the other without.
      for (const [i, read] of [true, false].entries()) {
        if (read) expect(await valuesAt(a, fresh.config)).toEqual({ n: "new" });
        const instance = read ? a : b;
        await putStep(instance, fresh, { n: i });
        const child = await putStep(instance, emptyThread("t", `child:${i}`), { state: i });
        expect(await valuesAt(createSaver(world), latestOf(child))).toEqual({ state: i });
      }
    },
  );

  test(
    "a subgraph of a deleted run puts nothing into the thread that has started again, in the same " + "instance",
    async () => {
      const world = { keyPrefix: newPrefix() };
      const agent = createSaver(world);
      const old = await putStep(agent, emptyThread("t"), { n: "old" });
      await createSaver(world).deleteThread("t");
      const running = await putStep(agent, old, { n: "running" });
      const fresh = await putStep(createSaver(world), emptyThread("t"), { n: "fresh" });
      expect(await valuesAt(agent, T)).toEqual({ n: "fresh" });

      const parents = ({ config }: Step): Record<string, unknown> => ({
        parents: { "": config.configurable!.checkpoint_id as string },
      });
      await putStep(agent, emptyThread("t", "memory"), { secret: "old" }, { metadata: parents(running) });
      expect(
        await createSaver(world).getTuple({ configurable: { ...T.configurable, checkpoint_ns: "memory" } }),
      ).toBeUndefined();
      const child = await putStep(agent, emptyThread("t", "memory"), { state: "fresh" }, { metadata: parents(fresh) });
      expect(await valuesAt(createSaver(world), latestOf(child))).toEqual({ state: "fresh" });
    },
  );

  test(
    "writes that come while their checkpoint is being put are the first of their task, in whichever instance the " +
      "next ones come",
    async () => {
      const keyPrefix = newPrefix();
      let early: Promise<void> | undefined;
      const id = "10";
      const config = { configurable: { ...T.configurable, checkpoint_ns: "", checkpoint_id: id } };
      const writing: { saver?: DynamoDBSaver } = {};
      const { saver } = saverAt({ keyPrefix }, async ({ operation, bytes, forward }) => {
        if (operation === "PutItem" && new TextDecoder().decode(bytes).includes("C##10#"))
          await (early ??= writing.saver!.putWrites(
            config,
            [
              ["a", "first"],
              ["__interrupt__", "first"],
            ],
            "task",
          ));
        return forward();
      });
      writing.saver = saver;
      const step = await putStep(saver, emptyThread("t"), { n: 1 }, { id });
      await createSaver({ keyPrefix }).putWrites(
        config,
        [
          ["a", "second"],
          ["b", "second"],
          ["__interrupt__", "last"],
        ],
        "task",
      );
      expect((await itemsOf(keyPrefix, "t")).filter((item) => isWrites(item))).toHaveLength(2);
      const wanted = [
        ["task", "__interrupt__", "last"],
        ["task", "a", "first"],
        ["task", "b", "second"],
      ];
      expect((await createSaver({ keyPrefix }).getTuple(step.config))?.pendingWrites).toEqual(wanted);
    },
  );

  const few = (by: string): PendingWrite[] => [
    ["a", by],
    ["b", by],
    ["__interrupt__", by],
  ];
  // So many are stored as a run.
  const many = (by: string): PendingWrite[] => [
    ...Array.from({ length: 150 }, (_, i): PendingWrite => [`w${i}`, `${by} ${i}`]),
    ["__interrupt__", by],
  ];
  const large = (by: string): PendingWrite[] => [["a", noiseText(70_000, by.length)], ...many(by)];

  test.each<[what: string, early: PendingWrite[], late: PendingWrite[]]>([
    ["few and few", few("early"), few("late")],
    ["one and many", [["a", "early"]], many("late")],
    ["few and many", few("early").slice(1), many("late")],
    ["many and few", many("early").slice(0, -1), few("late")],
    ["many and many", many("early"), many("late")],
    ["large ones and large ones", large("early"), large("late")],
    ["few and none", few("early"), []],
  ])(
    "a copy and an import have the same writes as their original, where a task has put some while its checkpoint " +
      "was being put: %s",
    async (_, early, late) => {
      const place = { keyPrefix: newPrefix(), encryption: { key: noise(32, 5) } };
      const config = { configurable: { ...T.configurable, checkpoint_ns: "", checkpoint_id: "10" } };
      let written: Promise<void> | undefined;
      const writing: { saver?: DynamoDBSaver } = {};
      const { saver } = saverAt(place, async ({ operation, body, forward }) => {
        if (operation === "PutItem" && body.includes("C##10#"))
          await (written ??= writing.saver!.putWrites(config, early, "task"));
        return forward();
      });
      writing.saver = saver;
      await putStep(saver, emptyThread("t"), { n: 1 }, { id: "10" });
      await createSaver(place).putWrites(config, late, "task");
      await createSaver(place).copyThread("t", "copy");
      await createSaver(place).copyThread("copy", "copy of the copy");
      await createSaver(place).importThread(await collect(createSaver(place).exportThread("copy")), {
        threadId: "import",
      });
      const threads = ["t", "copy", "copy of the copy", "import"];
      const writesOf = async (thread_id: string): Promise<unknown> =>
        (await createSaver(place).getTuple({ configurable: { thread_id } }))?.pendingWrites;

      const wanted = (await writesOf("t")) as unknown[];
      expect(wanted).toContainEqual(["task", ...early[0]!]);
      for (const threadId of threads) expect(await writesOf(threadId), threadId).toEqual(wanted);

      // And go on as it does.
      for (const thread_id of threads)
        await createSaver(place).putWrites(
          { configurable: { ...config.configurable, thread_id } },
          many("later"),
          "task",
        );
      const later = await writesOf("t");
      for (const threadId of threads) expect(await writesOf(threadId), threadId).toEqual(later);
    },
  );
});
