import { describe, expect, test } from "vitest";
import { collect, emptyThread, noise, noiseText, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { putWithWrites, useTtlDate } from "./ttl-ends.js";

const TTL = 1_000;
const { passTo, endsOf } = useTtlDate();

describe("when ttlSeconds is switched", () => {
  test("off, a child that stays keeps all it took over, and the thread stays listed", async () => {
    const keyPrefix = newPrefix();
    const one = await putStep(createSaver({ keyPrefix, ttlSeconds: TTL }), emptyThread("t"), { value: noise(3_000) });
    const two = await putStep(createSaver({ keyPrefix }), one, { n: 1 });
    passTo(10 * TTL);
    const reader = createSaver({ keyPrefix });

    expect(await valuesAt(reader, two.config)).toEqual(two.checkpoint.channel_values);
    expect(await reader.getTuple(one.config)).toBeUndefined();
    expect(await collect(reader.listThreads())).toHaveLength(1);
    expect((await endsOf(keyPrefix)).segments).toEqual([Infinity]);
  });

  test("on, what was stored for good stays for good, with all it shares", async () => {
    const keyPrefix = newPrefix();
    const permanent = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { value: noise(3_000) });
    await createSaver({ keyPrefix }).putWrites(permanent.config, [["value", "interrupt"]], "task");
    const expiring = createSaver({ keyPrefix, ttlSeconds: TTL, refreshOnRead: true });
    await expiring.getTuple(permanent.config);
    let step = await putStep(expiring, permanent, { n: 1 });
    for (let at = TTL - 1; at < 5 * TTL; at += TTL - 1) {
      passTo(at);
      step = await putStep(expiring, step, { n: at });
    }
    // The same content again, but not taken over.
    await putStep(expiring, emptyThread("t"), { value: noise(3_000) });
    await expiring.putWrites(permanent.config, [["value", "resumed"]], "task");
    passTo(20 * TTL);

    const reader = createSaver({ keyPrefix });
    expect(await valuesAt(reader, permanent.config)).toEqual(permanent.checkpoint.channel_values);
    expect((await reader.getTuple(permanent.config))?.pendingWrites).toEqual([["task", "value", "interrupt"]]);
    expect(await reader.getTuple(step.config)).toBeUndefined();
    expect((await collect(reader.listThreads())).map(({ threadId }) => threadId)).toEqual(["t"]);
  });

  test("shorter, what has the longer one keeps it", async () => {
    const keyPrefix = newPrefix();
    const long = await putWithWrites(createSaver({ keyPrefix, ttlSeconds: 10 * TTL }));
    const short = createSaver({ keyPrefix, ttlSeconds: TTL, refreshOnRead: true });
    let step = await putStep(short, long, { n: 1 });
    for (let at = TTL - 1; at < 5 * TTL; at += TTL - 1) {
      passTo(at);
      step = await putStep(short, step, { n: at });
      await short.putWrites(long.config, [["value", "again"]], "task");
    }
    passTo(10 * TTL - 1);
    expect(await valuesAt(createSaver({ keyPrefix }), long.config)).toEqual(long.checkpoint.channel_values);
    expect((await createSaver({ keyPrefix }).getTuple(long.config))?.pendingWrites).toEqual([
      ["task", "value", noiseText(70_000)],
    ]);
  });
});

test("a subgraph's checkpoints that outlive its parent's keep the thread listed", async () => {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
  await putStep(saver, emptyThread("t"), { n: 1 });
  passTo(400);
  const child = await putStep(saver, emptyThread("t", "child:1"), { n: 2 });
  passTo(800);
  const next = await putStep(saver, child, { n: 3 });
  passTo(1_799);

  expect(await valuesAt(createSaver({ keyPrefix }), next.config)).toEqual({ n: 3 });
  expect(await collect(createSaver({ keyPrefix }).listThreads())).toHaveLength(1);
});
