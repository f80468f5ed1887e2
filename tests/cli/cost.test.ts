import type { DynamoDBSaverEvent } from "langgraph-checkpoint-dynamodb";
import { describe, expect, test } from "vitest";
import { emptyThread, latestOf, noise, noiseText, putChain } from "../lanes/savers/checkpoints.js";
import { itemsOf } from "../lanes/stored/raw-table.js";
import { deleteObject, keysAt } from "../lanes/savers/s3-saver.js";
import { jsonLines, place, run, runInTerminal, saverAt, type Place } from "./run.js";

interface Cost {
  steps: number;
  items: Record<string, { items: number; bytes: number; writeUnits: number }>;
  objects: { count: number; bytes: number | null; missing: number };
  writeUnitsPerStep: number;
  latest: { readUnits: number; cachedReadUnits: number; objects: number };
  dollars: Record<string, number>;
}

async function costOf(where: Place, ...args: string[]): Promise<Cost> {
  const { code, stdout, stderr } = await run(where, ["cost", "t", "--json", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return jsonLines(stdout)[0] as Cost;
}

/** A saver, and what DynamoDB says that its requests used up. */
function metered(where: Place): { saver: ReturnType<typeof saverAt>; used: { readUnits: number; writeUnits: number } } {
  const used = { readUnits: 0, writeUnits: 0 };
  const onEvent = (event: DynamoDBSaverEvent): void => {
    if (event.type !== "request") return;
    used.readUnits += event.consumedCapacity.readUnits;
    used.writeUnits += event.consumedCapacity.writeUnits;
  };
  return { saver: saverAt(where, { onEvent }), used };
}

const thread = Array.from({ length: 12 }, (_, n) => ({
  n,
  document: noiseText(9_000, 1),
  log: Array.from({ length: n + 1 }, (_, i) => noiseText(900, 10 + i)),
}));

describe("cost", () => {
  test("counts the write and read units that DynamoDB charges", async () => {
    const where = place();
    const { saver, used } = metered(where);
    const steps = await putChain(saver, emptyThread("t"), thread);
    for (const step of steps) await saver.putWrites(step.config, [["log", noiseText(1_500, 3)]], "task-1");
    const reader = metered(where);
    await reader.saver.getTuple(latestOf(steps[0]!));

    const cost = await costOf(where);

    expect(cost.steps).toBe(12);
    expect(Object.values(cost.items).reduce((sum, { writeUnits }) => sum + writeUnits, 0)).toBe(used.writeUnits);
    expect(cost.writeUnitsPerStep).toBeCloseTo(used.writeUnits / 12);
    expect(cost.latest.readUnits).toBe(reader.used.readUnits);
    const items = await itemsOf(where.options.keyPrefix as string, "t");
    expect(cost.items).toMatchObject({
      checkpoints: { items: 12 },
      writes: { items: 12 },
      segments: { items: items.filter(({ SK }) => SK!.S!.startsWith("S#")).length },
      pointers: { items: 0 },
      other: { items: 2 },
    });
  });

  test("prices them, by prices of one's own if need be", async () => {
    const where = place();
    await putChain(saverAt(where), emptyThread("t"), thread);

    const cost = await costOf(where);
    const dearer = await costOf(where, "--write-price", "6.25", "--read-price", "0", "--storage-price", "1024");

    expect(cost.dollars.millionSteps).toBeCloseTo(cost.writeUnitsPerStep * 0.625);
    expect(cost.dollars.millionLoads).toBeCloseTo(cost.latest.readUnits * 0.125);
    expect(dearer.dollars.millionSteps).toBeCloseTo(cost.dollars.millionSteps! * 10);
    expect(dearer.dollars.millionLoads).toBe(0);
    const { items, bytes } = Object.values(cost.items).reduce(
      (sum, kind) => ({ items: sum.items + kind.items, bytes: sum.bytes + kind.bytes }),
      { items: 0, bytes: 0 },
    );
    expect(dearer.dollars.storageMonth).toBeCloseTo((bytes + 100 * items) / 1_024 ** 2);
    expect(await run(where, ["cost", "t", "--write-price", "cheap"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("amount in dollars"),
    });
  });

  test("counts objects in S3 with their size, and misses those that are not there", async () => {
    const where = place({ s3: true });
    await putChain(saverAt(where, { compression: "none" }), emptyThread("t"), [
      { file: noise(6_000, 1) },
      { file: noise(8_000, 2) },
    ]);

    const cost = await costOf(where);
    await deleteObject((await keysAt({ s3: where.options.s3 } as Parameters<typeof keysAt>[0]))[0]!);
    const later = await run(where, ["cost", "t"]);

    // Each value but its last 64 bytes, and a byte that says how it is stored.
    expect(cost).toMatchObject({
      objects: { count: 2, bytes: 6_000 + 8_000 - 2 * 63, missing: 0 },
      items: { pointers: { items: 2 } },
      latest: { objects: 1 },
    });
    expect(later).toMatchObject({ code: 1, stderr: expect.stringContaining("1 object in S3 missing.") });
  });

  test("is a table for people, which says where the prices come from", async () => {
    const where = place();
    await putChain(saverAt(where), emptyThread("t"), thread);

    const { text, code } = await runInTerminal(where, ["cost", "t"], { columns: 120 });
    const narrow = await runInTerminal(where, ["cost", "t"], { columns: 40 });

    expect(code).toBe(0);
    expect(text).toMatch(/^t 12 checkpoints$/m);
    expect(text).toMatch(/^checkpoints +12 +[\d.]+ kB +\d+ +\d\.\d\d$/m);
    expect(text).toMatch(/^a million steps like these +\$\d+\.\d\d +\d+\.\d\d write units a step$/m);
    expect(text).toContain("https://aws.amazon.com/dynamodb/pricing/on-demand/");
    expect(Math.max(...narrow.lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  test("a thread that is not there is an error", async () => {
    expect(await run(place(), ["cost", "nobody"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no thread "nobody"'),
    });
  });
});
