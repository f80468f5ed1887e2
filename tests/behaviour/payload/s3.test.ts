import { describe, expect, inject, test } from "vitest";
import { collect, emptyThread, latestOf, noise, putStep, sameBytes, valuesAt } from "../../lanes/savers/checkpoints.js";
import { operationsOf } from "../../lanes/stored/aws-requests.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { deleteObject, keysAt, newPlace, overwriteObject, saverAt } from "../../lanes/savers/s3-saver.js";

describe("what is large lies in S3 and is read back:", () => {
  test("a channel, beside one that stays in DynamoDB", async () => {
    const place = newPlace();
    const step = await putStep(saverAt(place).saver, emptyThread("t"), {
      large: noise(6_000),
      medium: noise(3_000, 2),
      small: 1,
    });

    expect(await keysAt(place)).toHaveLength(1);
    expect(await itemsOf(place.keyPrefix, "t", "S#")).toHaveLength(1);
    expect(await valuesAt(saverAt(place).saver, step.config)).toEqual(step.checkpoint.channel_values);
    expect(await valuesAt(saverAt(place).saver, latestOf(step))).toEqual(step.checkpoint.channel_values);
  });

  test("a task's writes", async () => {
    const place = newPlace();
    const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { n: 1 });
    const [one, two] = [noise(70_000), noise(80_000, 2)];
    await saverAt(place).saver.putWrites(
      config,
      [
        ["a", one],
        ["b", two],
        ["c", 3],
      ],
      "task",
    );

    expect(await keysAt(place)).toHaveLength(2);
    const tuple = await saverAt(place).saver.getTuple(config);
    expect(tuple!.pendingWrites!.map(([, channel]) => channel)).toEqual(["a", "b", "c"]);
    expect(sameBytes(tuple!.pendingWrites![0]![2], one) && sameBytes(tuple!.pendingWrites![1]![2], two)).toBe(true);
  });

  test("metadata", async () => {
    const place = newPlace();
    const said = Array.from(noise(20_000)).join();
    const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { n: 1 }, { metadata: { said } });

    expect(await keysAt(place)).toHaveLength(1);
    expect((await saverAt(place).saver.getTuple(config))?.metadata).toMatchObject({ said });
    expect(
      await collect(saverAt(place).saver.list({ configurable: { thread_id: "t" } }, { filter: { said } })),
    ).toHaveLength(1);
  });

  test("the checkpoint's own body", async () => {
    const place = newPlace();
    const step = emptyThread("t");
    const versions_seen = Object.fromEntries(
      Array.from({ length: 1_500 }, (_, i) => [`node ${noise(20, i + 1).join("")}`, { channel: i }]),
    );
    const checkpoint = { ...step.checkpoint, versions_seen };
    const config = await saverAt(place).saver.put(
      step.config,
      checkpoint,
      { source: "input", step: -1, parents: {} },
      {},
    );

    expect((await keysAt(place)).length).toBeGreaterThan(0);
    expect((await saverAt(place).saver.getTuple(config))?.checkpoint.versions_seen).toEqual(versions_seen);
  });

  test("history, newest first", async () => {
    const place = newPlace();
    const { saver } = saverAt(place);
    const one = await putStep(saver, emptyThread("t"), { large: noise(6_000) });
    const two = await putStep(saver, one, { large: noise(6_000, 2) });

    const listed = await collect(saverAt(place).saver.list(latestOf(one)));
    expect(listed.map(({ checkpoint }) => checkpoint.channel_values)).toEqual([
      two.checkpoint.channel_values,
      one.checkpoint.channel_values,
    ]);
  });
});

test("a value that several checkpoints of a thread have is one object, and a fork of it stores none", async () => {
  const place = newPlace();
  const { saver, sent } = saverAt(place);
  const one = await putStep(saver, emptyThread("t"), { large: noise(6_000) });
  const [key] = await keysAt(place);
  sent.length = 0;
  const two = await putStep(saver, one, { n: 1 });
  const fork = await putStep(saver, two, {}, { metadata: { source: "fork" } });
  expect(operationsOf(sent).filter((operation) => operation.endsWith("Object"))).toEqual([]);
  const same = await putStep(saver, one, { copy: noise(6_000) });
  await putStep(saver, emptyThread("t"), { large: noise(6_000) });

  expect(await keysAt(place)).toEqual([key]);
  for (const { config, checkpoint } of [one, two, fork, same])
    expect(await valuesAt(saverAt(place).saver, config)).toEqual(checkpoint.channel_values);
});

test("a large document goes to S3, and appending 1 KB to it sends less than 16 KB", async () => {
  const place = newPlace({ thresholdBytes: 350_000 });
  const { saver, events } = saverAt(place, undefined, { requestTimeoutMs: 60_000 });
  const length = (inject("effort") === "full" ? 50 : 8) * 1_000_000;
  const document = noise(length + 1_000);
  const one = await putStep(saver, emptyThread("t"), { document: document.subarray(0, length) });
  const bytesSent = (): number =>
    events.reduce((sum, event) => sum + (event.type === "request" ? event.bytesSent : 0), 0);
  const before = bytesSent();
  expect(before).toBeGreaterThan(length);
  const two = await putStep(saver, one, { document });

  expect(bytesSent() - before).toBeLessThan(16_000);
  const values = await valuesAt(saverAt(place, undefined, { requestTimeoutMs: 60_000 }).saver, two.config);
  expect(sameBytes(values!.document, document)).toBe(true);
});

test("a cold read fetches objects and items side by side", async () => {
  const place = newPlace();
  const step = await putStep(saverAt(place).saver, emptyThread("t"), {
    one: noise(6_000),
    two: noise(7_000, 2),
    medium: noise(3_000, 3),
  });
  // Nobody is answered before all have asked.
  let asked = 0;
  let go: (() => void) | undefined;
  const all = new Promise<void>((resolve) => (go = resolve));
  const { saver } = saverAt(place, ({ operation, forward }) => {
    // The checkpoint, and the thread's marker.
    if (operation === "Query" || operation === "GetItem") return undefined;
    if (++asked === 3) go!();
    return all.then(forward);
  });

  expect(await valuesAt(saver, step.config)).toEqual(step.checkpoint.channel_values);
  expect(asked).toBe(3);
});

test("a pointer is stored before its object, and the checkpoint after everything", async () => {
  const place = newPlace();
  const done: string[] = [];
  const begun: string[] = [];
  const { saver } = saverAt(place, async ({ operation, bytes, forward }) => {
    const body = operation.endsWith("Object") ? "" : new TextDecoder().decode(bytes);
    const what =
      operation === "PutObject"
        ? "object"
        : body.includes('"C##')
          ? "checkpoint"
          : operation === "PutItem" && body.includes("P#")
            ? "pointer"
            : "other";
    begun.push(`${what} after ${done.filter((d) => d !== "other").join(", ")}`);
    const response = await forward();
    done.push(what);
    return response;
  });
  await putStep(saver, emptyThread("t"), { large: noise(6_000), medium: noise(3_000, 2) });

  expect(begun.filter((b) => !b.startsWith("other"))).toEqual([
    "pointer after ",
    "object after pointer",
    "checkpoint after pointer, object",
  ]);
  expect(done.at(-1)).toBe("checkpoint");
});

test("deleteThread leaves neither items nor objects of it, and those of other threads alone", async () => {
  const place = newPlace({ thresholdBytes: 1 });
  const { saver } = saverAt(place);
  const other = await putStep(saver, emptyThread("other"), { large: noise(6_000) });
  const kept = await keysAt(place);
  const one = await putStep(saver, emptyThread("t"), { large: noise(6_000), more: noise(7_000, 2) });
  await saver.putWrites(one.config, [["large", noise(70_000, 3)]], "task");
  await putStep(saver, emptyThread("t", "child:1"), { large: noise(8_000, 4) });
  expect((await keysAt(place)).length).toBe(kept.length + 4);

  await saverAt(place).saver.deleteThread("t");

  expect(await itemsOf(place.keyPrefix, "t")).toEqual([]);
  expect((await collect(saver.listThreads())).map(({ threadId }) => threadId)).toEqual(["other"]);
  expect(await keysAt(place)).toEqual(kept);
  expect(await valuesAt(saverAt(place).saver, other.config)).toEqual(other.checkpoint.channel_values);
});

test("an object that is gone is missing data, and the error says whose", async () => {
  const place = newPlace();
  const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { small: 1, large: noise(6_000) });
  const [key] = await keysAt(place);
  await deleteObject(key!);

  const expected = {
    name: "CheckpointDataError",
    code: "MISSING_DATA",
    threadId: "t",
    checkpointNs: "",
    checkpointId: config.configurable!.checkpoint_id as string,
    channel: "large",
  };
  expect(await errorOf(saverAt(place).saver.getTuple(config))).toMatchObject(expected);
});

test.each<[what: string, body: Uint8Array]>([
  ["other bytes", new Uint8Array([0, ...noise(6_000, 9)])],
  ["nothing", new Uint8Array(0)],
  ["a codec byte alone", new Uint8Array([1])],
  ["broken gzip", new Uint8Array([1, 0x1f, 0x8b, ...noise(100), 10, 0, 0, 0])],
])("an object that was overwritten with %s is damaged data, and the error says whose", async (_, body) => {
  const place = newPlace();
  const { config } = await putStep(saverAt(place).saver, emptyThread("t"), { small: 1, large: noise(6_000) });
  const [key] = await keysAt(place);
  await overwriteObject(key!, body);

  expect(await errorOf(saverAt(place).saver.getTuple(config))).toMatchObject({
    code: "DAMAGED_DATA",
    threadId: "t",
    channel: "large",
  });
});
