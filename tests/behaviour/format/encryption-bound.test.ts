import { describe, expect, inject, test } from "vitest";
import { emptyThread, noise, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { deleteRaw, itemsOf, putRaw, withBytes, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { BUCKET, callS3, objectKeys } from "../../lanes/stored/s3-client.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { encrypted } from "./encrypted.js";

describe("a stored value is refused where it does not belong:", () => {
  /** A thread of two checkpoints with two writes, each of which has a segment; and another thread. */
  async function prepare(): Promise<{
    keyPrefix: string;
    one: Step;
    two: Step;
    items: RawItem[];
    other: RawItem[];
    otherStep: Step;
  }> {
    const keyPrefix = newPrefix();
    const saver = encrypted(keyPrefix);
    const one = await putStep(saver, emptyThread("t"), { value: noise(3_000, 1) });
    await saver.putWrites(
      one.config,
      [
        ["value", 1],
        ["value", 2],
      ],
      "task",
    );
    const two = await putStep(saver, one, { value: noise(3_000, 2) });
    const otherStep = await putStep(saver, emptyThread("u"), { value: noise(3_000, 1) }, { id: one.checkpoint.id });
    return {
      keyPrefix,
      one,
      two,
      items: await itemsOf(keyPrefix, "t"),
      other: await itemsOf(keyPrefix, "u"),
      otherStep,
    };
  }
  const find = (items: RawItem[], part: string): RawItem => items.find(({ SK }) => SK!.S!.includes(part))!;
  const expectRefused = async (keyPrefix: string, { config }: Step): Promise<void> => {
    expect(await errorOf(encrypted(keyPrefix).getTuple(config))).toMatchObject({ code: "DECRYPTION_FAILED" });
  };

  test("a checkpoint of another thread", async () => {
    const { keyPrefix, one, items, other, otherStep } = await prepare();
    expect(await valuesAt(encrypted(keyPrefix), otherStep.config)).toEqual({ value: noise(3_000, 1) });
    const mine = find(items, `${one.checkpoint.id}#~`);
    await putRaw({ ...mine, data: find(other, "#~").data! });
    await expectRefused(keyPrefix, one);
  });

  test("a segment of another thread, though its bytes are the same", async () => {
    const { keyPrefix, otherStep, one, items, other } = await prepare();
    const segment = find(other, "S#");
    const same = items.find(
      ({ SK }) => SK!.S!.startsWith("S#") && SK!.S!.split("#")[2] === segment.SK!.S!.split("#")[2],
    )!;
    await putRaw({ ...segment, data: same.data! });
    await expectRefused(keyPrefix, otherStep);
    expect(await valuesAt(encrypted(keyPrefix), one.config)).toEqual({ value: noise(3_000, 1) });
  });

  test("another checkpoint of the thread", async () => {
    const { keyPrefix, one, two, items } = await prepare();
    await putRaw({ ...find(items, `${two.checkpoint.id}#~`), data: find(items, `${one.checkpoint.id}#~`).data! });
    await expectRefused(keyPrefix, two);
  });

  test("a segment under another's name", async () => {
    const { keyPrefix, two, items } = await prepare();
    const [a, b] = items.filter(({ SK }) => SK!.S!.startsWith("S#"));
    await putRaw({ ...a, data: b!.data! });
    await putRaw({ ...b, data: a!.data! });
    await expectRefused(keyPrefix, two);
  });

  test("a checkpoint that is said to have another parent, or none, or to be of another run", async () => {
    const { keyPrefix, one } = await prepare();
    const ofRun = { ...one, config: { configurable: { ...one.config.configurable, run_id: "their run" } } };
    const three = await putStep(encrypted(keyPrefix), ofRun, { value: 3 });
    const stored = find(await itemsOf(keyPrefix, "t", "C##"), `${three.checkpoint.id}#~`);
    const { parent: _, ...orphan } = stored;
    const { run: __, ...nobodys } = stored;
    for (const changed of [
      { ...stored, parent: { S: "another" } },
      orphan,
      { ...stored, run: { S: "another" } },
      nobodys,
    ]) {
      await putRaw(changed);
      await expectRefused(keyPrefix, three);
    }
    await putRaw(stored);
    expect(await valuesAt(encrypted(keyPrefix), three.config)).toMatchObject({ value: 3 });
  });

  test("a write whose task has the path of another, so that it is applied in another order", async () => {
    const { keyPrefix, one } = await prepare();
    const saver = encrypted(keyPrefix);
    for (const [task, path] of [
      ["a", "~__pregel_pull, first"],
      ["b", "~__pregel_pull, second"],
    ] as const)
      await saver.putWrites(one.config, [["order", task]], task, path);
    const orderOf = async (): Promise<unknown> =>
      (await encrypted(keyPrefix).getTuple(one.config))?.pendingWrites
        ?.filter(([, channel]) => channel === "order")
        .map(([task]) => task);
    expect(await orderOf()).toEqual(["a", "b"]);
    const items = await itemsOf(keyPrefix, "t", "C##");
    const [a, b] = ["#W#a#", "#W#b#"].map((part) => find(items, part)) as [RawItem, RawItem];

    await putRaw({ ...a, path: b.path! });
    await putRaw({ ...b, path: a.path! });
    await expectRefused(keyPrefix, one);
    await putRaw(b);
    const { path: _, ...without } = a;
    await putRaw(without);
    await expectRefused(keyPrefix, one);
    await putRaw(a);
    expect(await orderOf()).toEqual(["a", "b"]);
  });

  test("a path beside those of a task's writes, where no write is, so that their order changes", async () => {
    const { keyPrefix, one } = await prepare();
    const fork = { configurable: { ...one.config.configurable, checkpoint_id: "9" } };
    // Of a checkpoint that is not there yet, so its writes name no incarnation.
    await encrypted(keyPrefix).putWrites(fork, [["order", "a"]], "a", "~first");
    const child = { configurable: { ...one.config.configurable, checkpoint_id: one.checkpoint.id } };
    await encrypted(keyPrefix).put(child, { ...one.checkpoint, id: "9" }, { source: "loop", step: 9, parents: {} }, {});
    await encrypted(keyPrefix).putWrites(fork, [["order", "b"]], "b", "~second");
    const orderOf = async (): Promise<unknown> =>
      (await encrypted(keyPrefix).getTuple(fork))?.pendingWrites?.map(([task]) => task);
    expect(await orderOf()).toEqual(["a", "b"]);
    const items = await itemsOf(keyPrefix, "t", "C##9#W");
    const [early, late] = ["#W#a", "#W#b#"].map((part) => find(items, part)) as [RawItem, RawItem];
    const born = late.SK!.S!.split("#").at(-1)!;

    const { w0: _, ...empty } = early;
    await putRaw({ ...empty, SK: { S: `${early.SK!.S}#${born}` }, path: { S: "~third" } });
    expect(await orderOf()).toEqual(["a", "b"]);

    // The other way round: what is authentic is said to be early, and what is not early has nothing.
    const { w0: __, ...emptied } = late;
    await putRaw({ ...late, SK: { S: late.SK!.S!.slice(0, -born.length - 1) } });
    await putRaw({ ...emptied, path: { S: "~a" } });
    expect(await orderOf()).toEqual(["a", "b"]);
  });

  test("the writes of a task under another path of the same task's", async () => {
    const { keyPrefix, one } = await prepare();
    await encrypted(keyPrefix).putWrites(one.config, [["order", "a"]], "moved", "~first");
    const item = find(await itemsOf(keyPrefix, "t", "C##"), "#W#moved#");
    await deleteRaw(item);
    await encrypted(keyPrefix).putWrites(one.config, [["order", "a"]], "moved", "~second");
    const early = item.SK!.S!.slice(0, item.SK!.S!.lastIndexOf("#"));

    await putRaw({ ...item, SK: { S: early } });
    await expectRefused(keyPrefix, one);
  });

  test("a write in another's attribute", async () => {
    const { keyPrefix, one, items } = await prepare();
    const { w0, w1, ...writes } = find(items, "#W#");
    await putRaw({ ...writes, w0: w1!, w1: w0! });
    await expectRefused(keyPrefix, one);
  });

  test.each([1, 5, 20, 100])("one that differs in byte %i", async (position) => {
    const { keyPrefix, two, items } = await prepare();
    const change = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === position ? byte ^ 1 : byte));
    await putRaw(withBytes(find(items, `${two.checkpoint.id}#~`), "data", change));
    await expectRefused(keyPrefix, two);
  });

  test("one that is cut short", async () => {
    const { keyPrefix, two, items } = await prepare();
    await putRaw(withBytes(find(items, `${two.checkpoint.id}#~`), "data", (bytes) => bytes.slice(0, 20)));
    await expectRefused(keyPrefix, two);
  });
});

test("an object of another segment in the bucket is refused", async () => {
  const keyPrefix = newPrefix();
  const s3 = { ...s3Options(), thresholdBytes: 1 };
  const step = await putStep(encrypted(keyPrefix, {}, { s3 }), emptyThread("t"), {
    a: noise(3_000, 1),
    b: noise(3_000, 2),
  });
  const [one, two] = await objectKeys(inject("s3"), s3.prefix);
  const { status } = await callS3(inject("s3"), "PUT", `${BUCKET}/${one}`, {
    headers: { "x-amz-copy-source": `/${BUCKET}/${two}` },
  });
  expect(status).toBe(200);

  expect(await errorOf(encrypted(keyPrefix, {}, { s3 }).getTuple(step.config))).toMatchObject({
    code: "DECRYPTION_FAILED",
    channel: expect.stringMatching(/^[ab]$/),
  });
});
