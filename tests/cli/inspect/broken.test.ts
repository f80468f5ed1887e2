import { describe, expect, test } from "vitest";
import { emptyThread, noise, noiseText, putChain, putStep } from "../../lanes/savers/checkpoints.js";
import { deleteRaw, itemsOf, putRaw, withBytes } from "../../lanes/stored/raw-table.js";
import { deleteObject, keysAt } from "../../lanes/savers/s3-saver.js";
import { isWrites } from "../../lanes/stored/sort-keys.js";
import { place, run, runInTerminal, saverAt, type Place } from "../run.js";
import { type Line, keyPrefixOf, linesOf } from "./inspected.js";

describe("what is broken", () => {
  const values = { good: noiseText(3_000, 1), bad: noiseText(3_000, 2) };

  async function brokenThread(where: Place): Promise<{ ids: string[]; segments: Awaited<ReturnType<typeof itemsOf>> }> {
    const steps = await putChain(saverAt(where), emptyThread("t"), [
      { good: values.good },
      { bad: values.bad },
      { n: 1 },
    ]);
    return {
      ids: steps.map(({ checkpoint }) => checkpoint.id).reverse(),
      segments: await itemsOf(keyPrefixOf(where), "t", "S#"),
    };
  }

  /** The segment with these bytes: of two of the same length, that which only later checkpoints refer to. */
  async function segmentOf(where: Place, text: string): Promise<Awaited<ReturnType<typeof itemsOf>>[number]> {
    const digest = async (bytes: Uint8Array): Promise<string> =>
      Buffer.from(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).toString("base64url");
    const json = new TextEncoder().encode(JSON.stringify(text));
    const name = await digest(json.slice(0, json.length - 64));
    return (await itemsOf(keyPrefixOf(where), "t", "S#")).find(({ SK }) => SK!.S!.endsWith(name))!;
  }

  test("a missing part is named where it is missing, and everything else is shown", async () => {
    const where = place();
    const { ids } = await brokenThread(where);
    await deleteRaw(await segmentOf(where, values.bad));

    const lines = await linesOf(where, ["t"], 1);
    const state = await run(where, ["inspect", "t", "--checkpoint", "latest"]);
    const people = await run(where, ["inspect", "t"]);

    expect(
      lines.map(({ checkpointId, problems }) => [
        checkpointId,
        problems.map(({ code, part }: Line) => `${code} ${part}`),
      ]),
    ).toEqual([
      [ids[0], ["MISSING_DATA bad"]],
      [ids[1], ["MISSING_DATA bad"]],
      [ids[2], []],
    ]);
    expect(people.stdout).toContain("MISSING_DATA: bad");
    expect(people.stderr).toContain("2 checkpoints cannot be read whole.");
    expect(state.code).toBe(1);
    expect(state.stdout).toMatch(/bad \(3 kB, version 1, 1 segment\) Segment \S+ is missing \[MISSING_DATA\]/);
    expect(state.stdout).toMatch(/good \(3 kB, version 1, 1 segment\) "/);
  });

  test("a part with other bytes is found by reading it", async () => {
    const where = place();
    await brokenThread(where);
    await putRaw(
      withBytes(await segmentOf(where, values.bad), "data", (bytes) =>
        bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
      ),
    );

    expect((await linesOf(where, ["t"])).flatMap(({ problems }) => problems)).toEqual([]);
    expect(
      (await linesOf(where, ["t", "--verify"], 1)).map(({ problems }) =>
        problems.map(({ code, part }: Line) => `${code} ${part}`),
      ),
    ).toEqual([["DAMAGED_DATA bad"], ["DAMAGED_DATA bad"], []]);
  });

  test(
    "a checkpoint that cannot be read at all stands in its place, and its children are not " + "compared with it",
    async () => {
      const where = place();
      const { ids } = await brokenThread(where);
      const item = (await itemsOf(keyPrefixOf(where), "t", `C##${ids[1]}`))[0]!;
      await putRaw(withBytes(item, "data", (bytes) => bytes.slice(0, 10)));

      const lines = await linesOf(where, ["t"], 1);
      const { text, code } = await runInTerminal(where, ["inspect", "t"], { columns: 160 });

      expect(
        lines.map(({ checkpointId, parentId, parentIsThere, changes, problems }) => ({
          checkpointId,
          parentId,
          parentIsThere,
          changes: changes?.length ?? null,
          problems: problems.map(({ code }: Line) => code),
        })),
      ).toEqual([
        { checkpointId: ids[0], parentId: ids[1], parentIsThere: true, changes: null, problems: [] },
        { checkpointId: ids[1], parentId: ids[2], parentIsThere: true, changes: null, problems: ["DAMAGED_DATA"] },
        { checkpointId: ids[2], parentId: null, parentIsThere: false, changes: 1, problems: [] },
      ]);
      expect({ code, lines: text.split("\n").map((line) => line[0]) }).toEqual({
        code: 1,
        lines: [" ", "●", "●", "●", "1"],
      });
    },
  );

  test("writes of one task that cannot be read do not hide those of another", async () => {
    const where = place();
    const saver = saverAt(where);
    const step = await putStep(saver, emptyThread("t"), { n: 1 });
    for (const task of ["task-1", "task-2"]) await saver.putWrites(step.config, [["n", 2]], task);
    const item = (await itemsOf(keyPrefixOf(where), "t", "C#")).find((item) => isWrites(item, "task-1"))!;
    await putRaw(withBytes(item, "w0", (bytes) => bytes.slice(0, 5)));

    const [line] = await linesOf(where, ["t"], 1);

    expect(line!.tasks.map(({ taskId }: Line) => taskId)).toEqual(["task-2"]);
    expect(line!.problems).toMatchObject([{ code: "DAMAGED_DATA", part: "(writes in task-1)" }]);
  });

  test("what is encrypted is shown as far as it can be without the key, and whole with it", async () => {
    const where = place();
    const key = noise(32, 9);
    await putChain(saverAt(where, { encryption: { key } }), emptyThread("t"), [
      { text: "hidden words" },
      { text: "more hidden words" },
    ]);
    const withKey = { ...where, env: { ...where.env, CHECKPOINT_ENCRYPTION_KEY: Buffer.from(key).toString("base64") } };

    const without = await linesOf(where, ["t"], 1);
    const state = await run(where, ["inspect", "t", "--checkpoint", "latest"]);

    expect(without).toMatchObject([
      { parentIsThere: true, problems: [{ code: "DECRYPTION_FAILED" }] },
      { parentId: null, problems: [{ code: "DECRYPTION_FAILED" }] },
    ]);
    expect(state).toMatchObject({ code: 1, stdout: expect.stringContaining("A value is encrypted") });
    expect((await run(where, ["inspect", "t"])).stderr).toContain("--encryption-key-file");
    expect(await linesOf(withKey, ["t"])).toMatchObject([
      { changes: [{ channel: "text", change: "changed" }] },
      { changes: [{ channel: "text", change: "added" }] },
    ]);
    expect((await run(withKey, ["inspect", "t", "--checkpoint", "latest"])).stdout).toContain('"more hidden words"');
  });

  test(
    "values in S3 are shown, their objects missed by reading them, and without the bucket the rest " + "is shown",
    async () => {
      const where = place({ s3: true });
      await putChain(saverAt(where), emptyThread("t"), [{ large: noise(6_000), small: 1 }, { small: 2 }]);
      const { CHECKPOINT_S3_BUCKET: _, CHECKPOINT_S3_PREFIX: __, ...env } = where.env;

      expect((await linesOf(where, ["t", "--verify"])).flatMap(({ problems }) => problems)).toEqual([]);
      expect((await linesOf(where, ["t", "--checkpoint", "latest"]))[0]!.channels[0]).toMatchObject({
        channel: "large",
        base64: Buffer.from(noise(6_000)).toString("base64"),
      });
      const [withoutBucket] = await linesOf({ ...where, env }, ["t", "--checkpoint", "latest"], 1);
      expect(withoutBucket!.channels).toMatchObject([
        { channel: "large", problem: { code: "INVALID_CONFIG" } },
        { channel: "small", value: 2 },
      ]);

      for (const key of await keysAt({ s3: where.options.s3 } as Parameters<typeof keysAt>[0])) await deleteObject(key);
      expect(
        (await linesOf(where, ["t", "--verify"], 1)).map(({ problems }) =>
          problems.map(({ code, part }: Line) => `${code} ${part}`),
        ),
      ).toEqual([["MISSING_DATA large"], ["MISSING_DATA large"]]);
    },
  );
});
