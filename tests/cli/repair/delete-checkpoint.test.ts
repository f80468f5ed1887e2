import { expect, test } from "vitest";
import { collect, emptyThread, putChain, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { putDeltaThread } from "../../lanes/savers/delta-thread.js";
import { jsonLines, place, run, saverAt, type Place } from "../run.js";

const at = (threadId: string) => ({ configurable: { thread_id: threadId } });
const idsOf = async (where: Place): Promise<string[]> =>
  (await collect(saverAt(where).list(at("t")))).map(({ checkpoint }) => checkpoint.id);

test("delete --checkpoint removes one checkpoint, and what comes after it reads as before", async () => {
  const where = place();
  await putChain(saverAt(where), emptyThread("t"), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  const [newest, middle, oldest] = await idsOf(where);

  const { code, stdout } = await run(where, ["delete", "t", "--checkpoint", middle!, "--yes", "--json"]);

  expect([code, jsonLines(stdout)]).toMatchObject([
    0,
    [{ threadId: "t", namespace: "", checkpointId: middle, freed: { checkpoints: 1 } }],
  ]);
  expect(await idsOf(where)).toEqual([newest, oldest]);
  expect(await valuesAt(saverAt(where), at("t"))).toEqual({ n: 3 });
});

test("delete --checkpoint refuses the latest, one that is not there, and a thread that somebody has", async () => {
  const where = place();
  await putChain(saverAt(where), emptyThread("t"), [{ n: 1 }, { n: 2 }]);
  const before = await idsOf(where);

  const latest = await run(where, ["delete", "t", "--checkpoint", "latest", "--yes"]);
  const unknown = await run(where, ["delete", "t", "--checkpoint", "ffff", "--yes"]);
  const several = await run(where, ["delete", "t", "u", "--checkpoint", before[1]!, "--yes"]);
  await saverAt(where).acquireLease("t", { leaseSeconds: 600 });
  const busy = await run(where, ["delete", "t", "--checkpoint", before[1]!, "--yes"]);

  expect([latest.code, latest.stderr]).toEqual([2, expect.stringMatching(/is the latest: .* rollback "t" latest~1/)]);
  expect([unknown.code, several.code]).toEqual([1, 2]);
  expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining("[THREAD_BUSY]")]);
  expect(await idsOf(where)).toEqual(before);
});

test("delete --checkpoint leaves a DeltaChannel what it is rebuilt from", async () => {
  const where = place();
  await putDeltaThread(saverAt(where), "t");
  const config = { ...at("t"), channels: ["log"] };
  const history = async () => {
    const latest = await saverAt(where).getTuple(at("t"));
    return saverAt(where).getDeltaChannelHistory({ config: latest!.config, channels: config.channels });
  };
  const before = await history();
  const [, parent] = await idsOf(where);

  const { code } = await run(where, ["delete", "t", "--checkpoint", parent!, "--yes"]);

  expect([code, await idsOf(where)]).toEqual([0, expect.not.arrayContaining([parent])]);
  expect(await history()).toEqual(before);
});

test("delete --checkpoint looks in the namespace that is named", async () => {
  const where = place();
  const saver = saverAt(where);
  await putStep(saver, emptyThread("t"), { n: 1 });
  await putChain(saver, emptyThread("t", "child"), [{ n: 1 }, { n: 2 }]);
  const [newest] = await collect(saver.list({ configurable: { thread_id: "t", checkpoint_ns: "child" } }));
  const older = newest!.parentConfig!.configurable!.checkpoint_id as string;

  const elsewhere = await run(where, ["delete", "t", "--checkpoint", older, "--namespace", "", "--yes"]);
  const there = await run(where, ["delete", "t", "--checkpoint", older, "--namespace", "child", "--yes", "--json"]);

  expect([elsewhere.code, there.code]).toEqual([1, 0]);
  expect(jsonLines(there.stdout)).toMatchObject([{ namespace: "child", freed: { checkpoints: 1 } }]);
});
