import { describe, expect, test } from "vitest";
import { collect, emptyThread, idsOf, latestOf, putStep, threadIdOf } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { createCache, createStore } from "../../lanes/savers/stores.js";

/** Arguments as a caller has them, who goes on and changes them right after the call. */
describe("what a caller changes right after the call changes nothing of", () => {
  test("the run that a task's writes belong to", async () => {
    const saver = createSaver();
    const step = await putStep(saver, emptyThread(), { n: 1 });
    const config = { configurable: { ...step.config.configurable, run_id: "run-1" } };

    const writing = saver.putWrites(config, [["n", 2]], "task");
    config.configurable.run_id = "run-2";
    await writing;

    await saver.deleteForRuns(["run-2"], { threadIds: [threadIdOf(step)] });
    expect((await saver.getTuple(step.config))?.pendingWrites).toEqual([["task", "n", 2]]);
    await saver.deleteForRuns(["run-1"], { threadIds: [threadIdOf(step)] });
    expect((await saver.getTuple(step.config))?.pendingWrites).toEqual([]);
  });

  test("how long a thread that is read lives", async () => {
    const saver = createSaver({ ttlSeconds: 1_000, refreshOnRead: true });
    const step = await putStep(saver, emptyThread(), { n: 1 });
    const config = { configurable: { thread_id: threadIdOf(step), ttl_seconds: 5_000 as unknown } };

    const reading = saver.getTuple(config);
    config.configurable.ttl_seconds = "forever";
    config.configurable.thread_id = "another";

    expect((await reading)?.config).toEqual(step.config);
  });

  test("a list", async () => {
    const saver = createSaver();
    const first = await putStep(saver, emptyThread(), { n: 1 }, { metadata: { by: "ann" } });
    const second = await putStep(saver, first, { n: 2 }, { metadata: { by: "ann" } });
    const third = await putStep(saver, second, { n: 3 }, { metadata: { by: "bob" } });
    const config = latestOf(first);
    const options = { limit: 5, before: { ...third.config }, filter: { by: "ann" } };

    const listing = saver.list(config, options);
    config.configurable = { thread_id: "another" };
    options.limit = 1;
    options.before.configurable = { ...second.config.configurable };
    options.filter.by = "bob";

    expect(idsOf(await collect(listing))).toEqual([second.checkpoint.id, first.checkpoint.id]);
  });

  test("the filter of a search in the store", async () => {
    const store = createStore();
    await store.put(["notes"], "1", { tag: "a" });
    await store.put(["notes"], "2", { tag: "b" });
    const filter = { tag: { $in: ["a"] } };

    const searching = store.search(["notes"], { filter });
    filter.tag.$in[0] = "b";

    expect((await searching).map(({ key }) => key)).toEqual(["1"]);
  });

  test("where a value of the cache goes", async () => {
    const cache = createCache<number>();
    const pair = { key: [["nodes", "slow"], "key"] as [string[], string], value: 1 };

    const storing = cache.set([pair]);
    pair.key[0][1] = "other";
    pair.key[1] = "changed";
    await storing;

    expect(await cache.get([[["nodes", "slow"], "key"]])).toMatchObject([{ value: 1 }]);
  });
});
