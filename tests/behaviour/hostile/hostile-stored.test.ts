import { describe, expect, inject, test } from "vitest";
import { collect, emptyThread, noise, putChain, putStep } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { mutateItem } from "../../lanes/hostile/hostile-items.js";
import { CALLS, judge, makeHostileWorld, PAYLOAD, THREAD } from "../../lanes/hostile/hostile-world.js";
import { Random } from "../../lanes/hostile/random.js";
import { itemsOf, itemsWithPrefix, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { isWrites } from "../../lanes/stored/sort-keys.js";

/*
 * As hostile-fuzz.test.ts, but with items that really are in the table: what DynamoDB itself makes of them counts too.
 *
 * The message of a failure begins with the seed of its case. To see that case alone, write its seed into `ONLY`.
 */
const ONLY: string | undefined = undefined;

const CASES = inject("effort") === "full" ? 50 : 20;
/** Those that write would leave something for the next case. */
const READS = Object.keys(CALLS).filter((name) => !/^put|^delete/.test(name));

/** False for an item that DynamoDB does not take. */
const store = (item: unknown): Promise<boolean> =>
  putRaw(item as RawItem).then(
    () => true,
    (error: Error) => {
      if (/ValidationException|SerializationException/.test(error.message)) return false;
      throw error;
    },
  );

test("changed items in the table are read as a result or as a data error", async () => {
  const world = await makeHostileWorld({ compression: "none" });
  let stored = 0;
  for (const seed of ONLY === undefined ? Array.from({ length: CASES }, (_, number) => `stored ${number}`) : [ONLY]) {
    const random = new Random(seed);
    const original = random.pick(world.items);
    const { item, what } = mutateItem(original, world.items, random);
    if (!(await store(item))) continue;
    stored++;
    for (const call of [random.pick(READS), random.pick(READS)]) {
      try {
        await CALLS[call]!(createSaver(world.options), world).catch(judge);
      } catch (error) {
        throw new Error(`${seed}: ${call}, with ${what}: ${(error as Error).message}`, { cause: error });
      }
    }
    await putRaw(original);
  }
  expect(stored).toBeGreaterThan(CASES / 2);
  // Everything is as it was.
  expect(await collect(createSaver(world.options).list({}))).toHaveLength(world.steps.length);
});

describe("deleteThread", () => {
  test("leaves nothing of a thread whose items were changed, and nothing else is touched", async () => {
    for (let number = 0; number < CASES / 20; number++) {
      const random = new Random(`deleted ${number}`);
      const world = await makeHostileWorld({ compression: "none" });
      const neighbour = await putStep(createSaver(world.options), emptyThread("neighbour"), { n: 1 });
      for (const original of world.items)
        if (random.chance(0.7)) await store(mutateItem(original, world.items, random).item);

      await createSaver(world.options).deleteThread(THREAD);

      expect(
        (await itemsWithPrefix(world.options.keyPrefix!)).filter(({ PK }) => PK!.S!.endsWith(`T#${THREAD}`)),
        `deleted ${number}`,
      ).toEqual([]);
      expect(await collect(createSaver(world.options).listThreads())).toMatchObject([{ threadId: "neighbour" }]);
      expect((await createSaver(world.options).getTuple(neighbour.config))?.checkpoint.channel_values).toEqual({
        n: 1,
      });
    }
  });

  const SORT_KEYS = [
    "A", "C", "C#", "C##", "C##~", "C###", "C#$", "C#$#", "C#a", "C#a#b", "C#a#b#", "C#a#b#X", "C#a#b#W", "C#a#b#W#",
    "C#a#b#W#t#more", "C#a#b#~more", "C#%#%#~", "C#a#b%-#~",
    "H#", "H##", "H#a#b", "P#", "P##", "P#a#b", "S", "S#", "S##", "S#not base64!", `S#${"x".repeat(900)}`, "T#", "W#",
    "X#", "\u0000", "\u{10ffff}", "~", "__proto__", " ", "%",
  ]; // prettier-ignore

  test.each<[what: string, attributes: Record<string, unknown>]>([
    ["nothing", {}],
    [
      "attributes of other types",
      {
        data: { S: "x" },
        v: { BOOL: true },
        ttl: { S: "never" },
        born: { N: "1" },
        parent: { L: [] },
        head: { M: {} },
        void: { NULL: true },
        n: { S: "x" },
        w0: { SS: ["a"] },
      },
    ],
    [
      "bytes that mean nothing",
      { data: { B: btoa(String.fromCharCode(...noise(200))) }, v: { N: "1" }, w0: { B: "AQID" } },
    ],
  ])("leaves nothing of a thread with items under keys that nobody wrote, which hold %s", async (_, attributes) => {
    const keyPrefix = newPrefix();
    const [first, last] = await putChain(createSaver({ keyPrefix }), emptyThread("t"), [{ n: noise(3_000) }, { n: 2 }]);
    const [{ PK }] = (await itemsOf(keyPrefix, "t")) as [RawItem];
    for (const SK of SORT_KEYS) await putRaw({ PK: PK!, SK: { S: SK }, ...attributes });
    const world = { options: { keyPrefix }, items: [], steps: [first!, last!, last!, last!, last!] };
    // Whatever they are taken for, every call ends.
    for (const call of READS) await CALLS[call]!(createSaver({ keyPrefix }), world).catch(judge);

    await createSaver({ keyPrefix }).deleteThread("t");

    expect(await itemsOf(keyPrefix, "t")).toEqual([]);
    expect(await createSaver({ keyPrefix }).getTuple(last!.config)).toBeUndefined();
  });
});

describe("the number of a call that is none", () => {
  const NUMBERS = [{ N: "1.5" }, { N: "-1" }, { N: "1e30" }, { N: "9".repeat(38) }, { S: PAYLOAD }, { NULL: true }].map(
    // What is printed is searched for the text, so it stands in no test's name.
    (number) => [JSON.stringify(number).replace(PAYLOAD, "text"), number] as const,
  );

  test.each(NUMBERS)("is a data error of putWrites and deleteForRuns, or is replaced: %s", async (_, number) => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const { config } = await putStep(saver, emptyThread("t"), { n: 1 });
    const ofRun = { configurable: { ...config.configurable, run_id: "run" } };
    await saver.putWrites(ofRun, [["__interrupt__", 1]], "task", "~a");
    const original = (await itemsOf(keyPrefix, "t", "C##")).find((item) => isWrites(item, "task"))!;
    // Of a machine whose clock is ahead, so that the numbers are looked at.
    const ahead = { at: { N: "9".repeat(20) } };
    for (const change of [{ "at-3": number }, { ...ahead, "at-3": number }, { at: number }, { n: number }]) {
      if (!(await store({ ...original, ...change }))) continue;
      const many = Array.from({ length: 120 }, (_, i) => ["n", i] as [string, unknown]);
      for (const call of [
        () => createSaver({ keyPrefix }).putWrites(config, [["__interrupt__", 2]], "task", "~a"),
        () => createSaver({ keyPrefix }).deleteForRuns(["run"], { threadIds: ["t"] }),
      ])
        await call().catch((error: unknown) => {
          // DynamoDB itself refuses to count up what is no number.
          if ("n" in change && (error as { code?: string }).code === "SERVICE_ERROR") return;
          expect(error).toMatchObject({ name: "CheckpointDataError", code: "DAMAGED_DATA" });
          judge(error);
        });
      await store(original);
      await createSaver({ keyPrefix }).putWrites(config, many, "another task");
    }
  });

  test.each(NUMBERS)("is a data error of a put in its place, or is replaced: %s", async (_, number) => {
    const keyPrefix = newPrefix();
    const step = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { n: 1 });
    const original = (await itemsOf(keyPrefix, "t", "C##"))[0]!;
    await store({ ...original, at: number });

    const error = await createSaver({ keyPrefix })
      .put(emptyThread("t").config, step.checkpoint, { source: "loop", step: 0, parents: {} }, { n: 1 })
      .catch((reason: unknown) => reason as Error);

    if (error instanceof Error) expect(error).toMatchObject({ name: "CheckpointDataError", code: "DAMAGED_DATA" });
    expect((await collect(createSaver({ keyPrefix }).list({}))).length).toBe(1);
  });
});

test("writes to a task whose item was changed end in a result or in an error of ours", async () => {
  const keyPrefix = newPrefix();
  const [step] = await putChain(createSaver({ keyPrefix, compression: "none" }), emptyThread("t"), [{ n: 1 }]);
  const many = Array.from({ length: 120 }, (_, i) => ["n", i] as [string, unknown]);
  await createSaver({ keyPrefix, compression: "none" }).putWrites(step!.config, many, "task");
  const original = (await itemsOf(keyPrefix, "t", "C##")).find((item) => isWrites(item, "task"))!;
  for (let number = 0; number < CASES / 5; number++) {
    const random = new Random(`writes ${number}`);
    const { item, what } = mutateItem(original, [original], random);
    if (!(await store(item))) continue;
    for (const writes of [many, many.slice(0, 3)]) {
      const error: unknown = await createSaver({ keyPrefix })
        .putWrites(step!.config, writes, "task")
        .catch((reason: unknown) => reason);
      // DynamoDB itself refuses to count up what is no number.
      expect(
        error === undefined ? "DAMAGED_DATA" : (error as { code: string }).code,
        `writes ${number}, with ${what}`,
      ).toMatch(/^(DAMAGED_DATA|UNSUPPORTED_FORMAT|MISSING_DATA|VALUE_TOO_LARGE|DECRYPTION_FAILED|SERVICE_ERROR)$/);
    }
    await putRaw(original);
  }
});
