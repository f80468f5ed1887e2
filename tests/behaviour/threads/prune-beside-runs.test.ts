import type { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Intercept } from "../../lanes/stored/aws-requests.js";
import { emptyThread, noiseText, putChain, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { garbageOf } from "../../lanes/stored/garbage.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, itemsWithPrefix } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { fetchInRealTime, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { idsIn, plainSaver, putDocuments } from "./pruned-threads.js";

const GRACE = 3_600;
const passSeconds = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1_000);

afterEach(() => {
  vi.useRealTimers();
});
const useFakeDate = (): void => void vi.useFakeTimers({ toFake: ["Date"] });

describe("beside runs that are under way", () => {
  it("what checkpoints referred to is freed by a call after the grace period, and not before", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    await putDocuments(saver, 4);
    const prune = (): Promise<unknown> => plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1 });
    expect(await prune()).toMatchObject({ checkpoints: 3, segments: 0, later: { segments: 3 } });
    passSeconds(GRACE - 10);
    expect(await prune()).toMatchObject({ checkpoints: 0, segments: 0, later: { segments: 3 } });
    passSeconds(20);
    expect(await prune()).toMatchObject({ checkpoints: 0, segments: 3, later: { segments: 0 } });
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
    expect((await itemsOf(keyPrefix, "t", "G#")).length).toBe(0);
  });

  it("a call every few minutes frees as well", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    let step = emptyThread("t");
    let freed = 0;
    for (let i = 0; i < 12; i++) {
      step = await putStep(saver, step, { document: noiseText(2_000, i + 1) });
      freed += (await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1 })).segments;
      passSeconds(GRACE / 6 + 5);
    }
    expect(freed).toBe(5);
  });

  it("a put whose parent is pruned under it is whole, however much later the rest goes", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const [first, , third] = (await putDocuments(saver, 3)) as [Step, Step, Step];
    const other = plainSaver(keyPrefix);
    await other.prune({ threadIds: ["t"], keepLast: 1 });
    const fork = await putStep(saver, first, { n: 1 });
    passSeconds(GRACE + 10);
    await other.prune({ threadIds: ["t"], keepLast: 10 });
    for (const step of [third, fork])
      expect(await valuesAt(plainSaver(keyPrefix), step.config)).toEqual(step.checkpoint.channel_values);
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
  });

  it("an instance that remembers a checkpoint from long ago does not refer to what was freed since", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const [first] = await putDocuments(saver, 3);
    const other = plainSaver(keyPrefix);
    await other.prune({ threadIds: ["t"], keepLast: 1 });
    passSeconds(GRACE + 10);
    await other.prune({ threadIds: ["t"], keepLast: 1 });
    const fork = await putStep(saver, first!, { n: 1 });
    expect(await valuesAt(plainSaver(keyPrefix), fork.config)).toEqual(fork.checkpoint.channel_values);
  });

  it("what has come into use again and goes once more has its grace period from then on", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const pruning = plainSaver(keyPrefix);
    const [first] = await putDocuments(saver, 3);
    await pruning.prune({ threadIds: ["t"], keepLast: 1 });
    passSeconds(60);
    const fork = await putStep(saver, first!, { n: 1 }); // refers to what was about to be freed
    passSeconds(GRACE - 120);
    await putStep(saver, fork, { document: "short" });
    const resumed = plainSaver(keyPrefix);
    await resumed.getTuple(fork.config);
    await pruning.prune({ threadIds: ["t"], keepLast: 1 }); // with the fork it goes again
    passSeconds(120);
    await pruning.prune({ threadIds: ["t"], keepLast: 1 });
    expect(await plainSaver(keyPrefix).getTuple(fork.config)).toBeUndefined();
    const running = await putStep(resumed, fork, { n: 2 });
    expect(await valuesAt(plainSaver(keyPrefix), running.config)).toEqual(running.checkpoint.channel_values);
  });

  it("a value that comes back while it is about to be freed stays", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const document = noiseText(2_000, 1);
    const saver = plainSaver(keyPrefix);
    const [, second] = (await putChain(saver, emptyThread("t"), [{ document }, { document: "short" }])) as [Step, Step];
    await plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 1 });
    passSeconds(GRACE + 10);
    let back: Step | undefined;
    // Between the reading of the thread and the deletion.
    const { saver: pruning } = saverAt({ keyPrefix }, async (request) => {
      if (request.operation === "DeleteItem" && !back) back = await putStep(saver, second, { document });
      return request.forward();
    });
    expect(await pruning.prune({ threadIds: ["t"], keepLast: 1 })).toMatchObject({ segments: 0 });
    expect(await valuesAt(plainSaver(keyPrefix), back!.config)).toEqual({ document });
  });

  it("an object that is put again while it is being deleted goes to another place", async () => {
    useFakeDate();
    const place = newPlace();
    const at = (intercept?: Intercept): DynamoDBSaver =>
      saverAt(place, intercept, { compression: "none", fetch: fetchInRealTime }).saver;
    const document = noiseText(6_000, 1);
    const saver = at();
    const [, second] = (await putChain(saver, emptyThread("t"), [{ document }, { document: "short" }])) as [Step, Step];
    await at().prune({ threadIds: ["t"], keepLast: 1 });
    passSeconds(GRACE + 10);
    let back: Step | undefined;
    const pruning = at(async (request) => {
      if (request.operation === "DeleteObjects" && !back) back = await putStep(saver, second, { document });
      return request.forward();
    });
    expect(await pruning.prune({ threadIds: ["t"], keepLast: 1 })).toMatchObject({ objects: 1 });
    expect(await valuesAt(at(), back!.config)).toEqual({ document });
    expect(await garbageOf(place, "t")).toEqual([]);
    await at().deleteThread("t");
    expect(await itemsWithPrefix(place.keyPrefix)).toEqual([]);
  });

  it("the tip of a branch stays while it is new, for a run that may go on from it", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix });
    const root = await putStep(saver, emptyThread("t"), { n: 0 });
    vi.setSystemTime(new Date("2026-01-01T00:01:00Z")); // a minute after the tests' checkpoints say they were made
    const branch = await putStep(saver, root, { n: 1 });
    const head = await putStep(saver, root, { n: 2 });
    await saver.prune({ threadIds: ["t"], keepLast: 1 });
    expect(await idsIn(saver, "t")).toEqual([head, branch].map(({ checkpoint }) => checkpoint.id));
    passSeconds(GRACE);
    await saver.prune({ threadIds: ["t"], keepLast: 1 });
    expect(await idsIn(saver, "t")).toEqual([head.checkpoint.id]);
  });

  it("writes that came without their checkpoint go after the grace period, unless it comes", async () => {
    useFakeDate();
    const keyPrefix = newPrefix();
    const saver = plainSaver(keyPrefix);
    const [step] = (await putDocuments(saver, 1)) as [Step];
    const at = (checkpoint_id: string): Step["config"] => ({
      configurable: { thread_id: "t", checkpoint_ns: "", checkpoint_id },
    });
    for (const id of ["2", "3"]) await saver.putWrites(at(id), [["document", noiseText(70_000, Number(id))]], "task");
    const prune = (): Promise<unknown> => plainSaver(keyPrefix).prune({ threadIds: ["t"], keepLast: 10 });
    await prune();
    const late = await putStep(saver, step, { n: 1 }, { id: "3" });
    passSeconds(GRACE + 10);
    expect(await prune()).toMatchObject({ checkpoints: 0, writes: 1 });
    passSeconds(GRACE + 10);
    await prune();
    passSeconds(GRACE + 10);
    await prune();
    expect((await plainSaver(keyPrefix).getTuple(late.config))!.pendingWrites).toEqual([
      ["task", "document", noiseText(70_000, 3)],
    ]);
    expect(await garbageOf({ keyPrefix }, "t")).toEqual([]);
  });
});
