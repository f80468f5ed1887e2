import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { expect, test } from "vitest";
import { collect, emptyThread, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { createStore } from "../../lanes/savers/stores.js";
import { itemsOf, itemsWithPrefix, putRaw } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { encrypted, key } from "./encrypted.js";

test("what an item says of an id that was too long for its key counts only if it is that id", async () => {
  const long = (what: string): string => `${what} `.repeat(500);
  for (const options of [{}, { encryption: { key } }]) {
    const keyPrefix = newPrefix();
    const open = (): DynamoDBSaver => createSaver({ keyPrefix, ...options });
    const { config } = await putStep(open(), emptyThread(long("thread"), long("ns")), { n: 1 }, { id: long("id") });
    await open().putWrites(config, [["n", 2]], long("task"));
    const newest = { configurable: { thread_id: long("thread"), checkpoint_ns: long("ns") } };
    const readings: (() => Promise<unknown>)[] = [
      () => open().getTuple(config),
      () => open().getTuple(newest),
      () => collect(open().list(config)),
      () => collect(open().list(newest)),
      () => collect(open().list({ configurable: { thread_id: long("thread") } })),
      () => collect(open().exportThread(long("thread"))),
    ];
    const threads = async (): Promise<string> => JSON.stringify(await collect(open().listThreads()));
    for (const reading of readings) await reading();
    expect(await threads()).toContain(long("thread").trim());

    const items = await itemsWithPrefix(keyPrefix);
    for (const name of ["ns", "id", "task"]) {
      const having = items.filter((item) => item[name]);
      expect(having).not.toHaveLength(0);
      for (const said of [{}, { [name]: { S: "forged" } }]) {
        for (const { [name]: _, ...item } of having) await putRaw({ ...item, ...said });
        for (const reading of readings)
          expect(await errorOf(reading())).toMatchObject({ name: "CheckpointDataError", code: "DAMAGED_DATA" });
      }
      for (const item of having) await putRaw(item);
    }
    for (const item of items.filter(({ thread }) => thread)) await putRaw({ ...item, thread: { S: "forged" } });
    expect(await threads()).not.toContain("forged");
  }
});

test("what the store's rows say of a long key and a long namespace counts only if it is that", async () => {
  const [long, below] = ["y".repeat(1_000), ["users", "bob", "x".repeat(1_000)]];
  for (const options of [{}, { encryption: { key } }]) {
    const keyPrefix = newPrefix();
    const warnings: unknown[] = [];
    const open = () => createStore({ keyPrefix, ...options, onEvent: (event) => void warnings.push(event) });
    await open().put(below, "k", { n: 1 });
    await open().put(["keys"], long, { n: 2 });
    const having = (await itemsWithPrefix(keyPrefix)).filter(({ whole }) => whole);
    expect(having).toHaveLength(2);

    for (const said of [{}, { whole: { S: "users/forged/" } }]) {
      for (const { whole: _, ...item } of having) await putRaw({ ...item, ...said });
      warnings.length = 0;
      expect(await open().search(["users"])).toEqual([]);
      expect(await open().search(["keys"])).toEqual([]);
      expect(await open().listNamespaces()).toEqual([["keys"]]);
      const skipped = warnings.filter((event) => (event as { type: string }).type === "warning");
      expect(new Set(skipped.map((event) => (event as { code: string }).code))).toEqual(new Set(["ITEM_SKIPPED"]));
      expect(skipped.length).toBeGreaterThanOrEqual(3);
      expect(await errorOf(open().get(["keys"], long))).toMatchObject({ name: "StoreDataError", code: "DAMAGED_DATA" });
      expect(await open().search(below)).toMatchObject([{ namespace: below, key: "k", value: { n: 1 } }]);
    }

    await open().put(below, "other", { n: 3 });
    await open().put(["keys"], long, { n: 4 });
    expect((await open().search([])).map(({ value }) => value.n as number).sort()).toEqual([1, 3, 4]);
  }
});

test("a checkpoint whose long id is not known any more is pruned, and deleted with its thread", async () => {
  const keyPrefix = newPrefix();
  const damage = async (id: string): Promise<void> => {
    const { id: _, ...item } = (await itemsOf(keyPrefix, "t", `C##${id}`)).find(({ SK }) => SK!.S!.includes("#~"))!;
    await putRaw(item);
  };
  const one = await putStep(encrypted(keyPrefix), emptyThread("t"), { n: 1 }, { id: "1".repeat(300) });
  const two = await putStep(encrypted(keyPrefix), one, { n: 2 }, { id: "2".repeat(300) });
  await damage("1");

  expect(await encrypted(keyPrefix).prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 })).toMatchObject({
    checkpoints: 1,
  });
  expect(await valuesAt(encrypted(keyPrefix), two.config)).toEqual({ n: 2 });
  await damage("2");
  await encrypted(keyPrefix).deleteThread("t");
  expect((await itemsOf(keyPrefix, "t")).filter(({ data }) => data)).toEqual([]);
});
