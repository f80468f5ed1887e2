import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
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

test("what its copy has sent and arrives late ends nothing that a run without a ttl has prolonged", async () => {
  const place = newPlace();
  const source = saverAt(place, undefined, { ttlSeconds: 4_000 }).saver;
  const step = await putStep(source, emptyThread("t"), { text: noiseText(3_000) });
  const arriving: (() => Promise<Response>)[] = [];
  const copying = saverAt(
    place,
    ({ operation, forward }) => {
      // Each write is done, and another attempt of it comes much later.
      if (/PutItem|BatchWriteItem/.test(operation)) arriving.push(forward);
      return undefined;
    },
    { ttlSeconds: 4_000 },
  ).saver;
  await copying.copyThread("t", "copied");
  const copied = { ...step, config: { configurable: { ...step.config.configurable, thread_id: "copied" } } };
  await putStep(saverAt(place).saver, copied, step.checkpoint.channel_values);
  for (const forward of arriving) await forward();

  const items = (await itemsWithPrefix(place.keyPrefix)).filter(({ PK }) => PK!.S!.endsWith("copied"));
  // The checkpoint that was copied ends as it would have.
  const needed = items.filter((item) => !("restored" in item));
  expect(needed.filter(({ SK }) => SK!.S!.startsWith("S#"))).not.toEqual([]);
  expect(needed.filter((item) => "ttl" in item)).toEqual([]);
});
