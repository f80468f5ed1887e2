import { describe, expect, test } from "vitest";
import { operationsOf } from "../../lanes/stored/aws-requests.js";
import { collect, emptyThread, idsOf, latestOf, noise, putStep, type Step } from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { fetchInRealTime, newPlace, saverAt, type WatchedSaver } from "../../lanes/savers/s3-saver.js";
import { useStillDate } from "../../lanes/faults/still-date.js";

const TTL = 1_000;
const date = useStillDate();
const { passTo } = date;
const refreshing = { ttlSeconds: TTL, refreshOnRead: true };

describe("a conversation with 5 objects and 5 segments, of a turn each 40th of a ttl,", () => {
  test.each<[which: string, isCold: boolean]>([
    ["in one instance", false],
    ["in a new instance each turn", true],
  ])("%s, is renewed twice a ttl at most", async (_, isCold) => {
    const place = newPlace();
    const open = (): WatchedSaver => saverAt(place, undefined, { ...refreshing, fetch: fetchInRealTime });
    let watched = open();
    const values = Object.fromEntries(
      [6_000, 6_001, 6_002, 6_003, 6_004, 3_000, 3_001, 3_002, 3_003, 3_004].map((length, i) => [
        `c${i}`,
        noise(length, i + 1),
      ]),
    );
    let step = await putStep(watched.saver, emptyThread("t"), values);
    const renewals: number[] = [];
    let requests = 0;
    for (let turn = 1; turn <= 80; turn++) {
      passTo((turn * TTL) / 40);
      if (isCold) watched = open();
      watched.sent.length = 0;
      await watched.saver.getTuple(latestOf(step));
      step = await putStep(watched.saver, step, { n: turn });
      const operations = operationsOf(watched.sent);
      if (operations.includes("UpdateItem") || operations.includes("PutObject")) renewals.push(turn);
      else requests = Math.max(requests, operations.filter((operation) => operation !== "GetObject").length);
    }
    // Two ttls have passed.
    expect(renewals.length).toBeLessThanOrEqual(4);
    expect(renewals.length).toBeGreaterThanOrEqual(2);
    // The Query, a BatchGetItem where nothing is cached, and the put.
    expect(requests).toBe(isCold ? 3 : 2);
  });
});

test("a thread that is read at least once a ttl lives on, whenever that is", async () => {
  const keyPrefix = newPrefix();
  const step = await putStep(createSaver({ keyPrefix, ...refreshing }), emptyThread("t"), { value: noise(3_000) });
  let at = 0;
  for (const pause of [0.1, 0.99, 0.3, 0.99, 0.99, 0.49, 0.99, 0.01, 0.99]) {
    passTo((at += pause * TTL));
    expect(
      (await createSaver({ keyPrefix, ...refreshing }).getTuple(latestOf(step)))?.checkpoint.channel_values,
    ).toEqual({ value: noise(3_000) });
  }
});

describe("a thread that waits for an answer and is only looked at", () => {
  test.each<[which: string, ns: string, isNested: boolean]>([
    ["keeps what its subgraph has done", "child:task", false],
    ["and what a subgraph of that one has", "child:task|grandchild:task", true],
    ["and the state of a subgraph that is the same in every run", "memory", false],
  ])("%s", async (_, ns, isNested) => {
    const keyPrefix = newPrefix();
    const run = createSaver({ keyPrefix, ...refreshing });
    const before = await putStep(run, emptyThread("t"), { n: 0 });
    const old = await putStep(
      run,
      emptyThread("t", "child:earlier"),
      { paid: 0 },
      { metadata: { parents: { "": before.checkpoint.id } } },
    );
    passTo(300);
    const root = await putStep(run, before, { n: 1 });
    const metadata = { parents: { "": root.checkpoint.id, ...(isNested && { "child:task": "1" }) } };
    const first = await putStep(run, emptyThread("t", ns), { paid: noise(3_000) }, { metadata });
    const asking = await putStep(run, first, { asked: true }, { metadata });
    await run.putWrites(asking.config, [["__interrupt__", "Is that right?"]], "inner task");
    await run.putWrites(root.config, [["__interrupt__", "Is that right?"]], "task");
    for (let at = 1_250; at <= 5_000; at += 900) {
      passTo(at);
      expect(await createSaver({ keyPrefix, ...refreshing }).getTuple(latestOf(root))).toBeDefined();
    }

    const tuple = await createSaver({ keyPrefix }).getTuple(latestOf(asking));
    expect(tuple?.checkpoint.channel_values).toEqual({ paid: noise(3_000), asked: true });
    expect(tuple?.pendingWrites).toHaveLength(1);
    // What an earlier turn has left behind is not kept.
    expect(await createSaver({ keyPrefix }).getTuple(latestOf(old))).toBeUndefined();
  });
});

test(
  "what another run has written to a checkpoint since it was renewed lasts as long as what was " + "put on it",
  async () => {
    const keyPrefix = newPrefix();
    const counted = (n: number): { metadata: Record<string, unknown> } => ({
      metadata: { counters_since_delta_snapshot: { log: [n, n] } },
    });
    const [short, long] = [
      createSaver({ keyPrefix, ttlSeconds: TTL }),
      createSaver({ keyPrefix, ttlSeconds: 100 * TTL, refreshOnRead: true }),
    ];
    const one = await putStep(short, emptyThread("t"), { n: 1 }, counted(0));
    expect(await short.getTuple(one.config)).toBeDefined();
    expect(await long.getTuple(one.config)).toBeDefined();
    await short.putWrites(one.config, [["log", "of the shorter life"]], "task");
    const two = await putStep(long, one, { n: 2 }, counted(1));
    passTo(50 * TTL);

    const histories = await createSaver({ keyPrefix }).getDeltaChannelHistory({
      config: two.config,
      channels: ["log"],
    });

    expect(histories.log?.writes.map(([, , value]) => value)).toEqual(["of the shorter life"]);
  },
);

test("a checkpoint that a pruning has hidden meanwhile stays hidden", async () => {
  const keyPrefix = newPrefix();
  const counted = (n: number): { metadata: Record<string, unknown> } => ({
    metadata: { counters_since_delta_snapshot: { log: [n, n] } },
  });
  const saver = createSaver({ keyPrefix, ttlSeconds: TTL });
  const steps: Step[] = [];
  for (let n = 0; n < 3; n++) {
    const step = await putStep(saver, steps.at(-1) ?? emptyThread("t"), { n }, counted(n));
    await saver.putWrites(step.config, [["log", n]], `task ${n}`);
    steps.push(step);
  }
  passTo(100);
  let isPruned = false;
  const { saver: reader } = saverAt(
    { keyPrefix },
    async ({ operation, forward }) => {
      const answer = await forward();
      if (operation === "Query" && !isPruned) {
        isPruned = true;
        await createSaver({ keyPrefix }).prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 });
      }
      return answer;
    },
    refreshing,
  );
  expect(await reader.getTuple(steps[1]!.config)).toBeDefined();
  expect(isPruned).toBe(true);
  expect(idsOf(await collect(createSaver({ keyPrefix }).list(latestOf(steps[0]!))))).toEqual([steps[2]!.checkpoint.id]);
});
