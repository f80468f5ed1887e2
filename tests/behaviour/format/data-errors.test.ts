import { CheckpointDataError, isDynamoDBSaverError } from "langgraph-checkpoint-dynamodb";
import { describe, expect, it } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  putChain,
  threadIdOf,
  valuesAt,
  type Step,
} from "../../lanes/savers/checkpoints.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { deleteRaw, itemsOf, putRaw, withBytes, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { BODY, binary, buildContainer, buildFrame, plain, utf8 } from "../../lanes/stored/stored-bytes.js";
import { checkpointIdOf, isCheckpoint, isWrites } from "../../lanes/stored/sort-keys.js";

/** A thread of three checkpoints: the document is a segment that all share, the notes stand inline. */
async function makeThread(): Promise<{ keyPrefix: string; steps: [Step, Step, Step]; last: Step }> {
  const keyPrefix = newPrefix();
  const saver = createSaver({ keyPrefix, compression: "none" });
  const steps = (await putChain(saver, emptyThread(), [
    { document: noise(5_000), notes: "first" },
    { notes: "second" },
    { notes: "third" },
  ])) as [Step, Step, Step];
  await saver.putWrites(steps[2].config, [["notes", "pending"]], "task");
  return { keyPrefix, steps, last: steps[2] };
}

const itemAt = async (keyPrefix: string, step: Step, is = isCheckpoint): Promise<RawItem> =>
  (await itemsOf(keyPrefix, threadIdOf(step), "C#")).find(
    (item) => checkpointIdOf(item) === step.checkpoint.id && is(item),
  )!;

const segmentsOf = (keyPrefix: string, step: Step): Promise<RawItem[]> => itemsOf(keyPrefix, threadIdOf(step), "S#");

/** Reads cold, in every way a checkpoint is read, and expects one and the same error. */
async function expectError(keyPrefix: string, step: Step, code: string, channel: string | undefined): Promise<void> {
  const reads = [
    () => createSaver({ keyPrefix }).getTuple(step.config),
    () => createSaver({ keyPrefix }).getTuple(latestOf(step)),
    () => collect(createSaver({ keyPrefix }).list(latestOf(step), { limit: 1 })),
    () => collect(createSaver({ keyPrefix }).list({})),
  ];
  for (const read of reads) {
    const error: unknown = await read().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CheckpointDataError);
    expect(isDynamoDBSaverError(error)).toBe(true);
    expect(error).toMatchObject({
      code,
      threadId: threadIdOf(step),
      checkpointNs: "",
      checkpointId: step.checkpoint.id,
      channel,
    });
    const { message } = error as Error;
    for (const place of [threadIdOf(step), step.checkpoint.id, channel ?? ""]) expect(message).toContain(place);
  }
}

describe("a segment", () => {
  it("that is missing is MISSING_DATA of its channel", async () => {
    const { keyPrefix, last } = await makeThread();
    const [segment, ...more] = await segmentsOf(keyPrefix, last);
    expect(more).toEqual([]);
    await deleteRaw(segment!);
    await expectError(keyPrefix, last, "MISSING_DATA", "document");
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["has other bytes", (bytes) => bytes.with(100, bytes[100]! ^ 1)],
    ["is cut short", (bytes) => bytes.slice(0, -1)],
    ["is longer", (bytes) => Uint8Array.from([...bytes, 0])],
    ["is empty", () => new Uint8Array(1)],
    ["has another codec", (bytes) => bytes.with(0, 1)],
  ])("that %s is DAMAGED_DATA of its channel", async (_, damage) => {
    const { keyPrefix, last } = await makeThread();
    const [segment] = await segmentsOf(keyPrefix, last);
    await putRaw(withBytes(segment!, "data", damage));
    await expectError(keyPrefix, last, "DAMAGED_DATA", "document");
  });

  it("of a newer codec is UNSUPPORTED_FORMAT", async () => {
    const { keyPrefix, last } = await makeThread();
    const [segment] = await segmentsOf(keyPrefix, last);
    await putRaw(withBytes(segment!, "data", (bytes) => bytes.with(0, 200)));
    await expectError(keyPrefix, last, "UNSUPPORTED_FORMAT", "document");
  });
});

describe("a checkpoint's item", () => {
  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["is cut short", (bytes) => bytes.slice(0, -1)],
    ["is cut in its header", (bytes) => bytes.slice(0, 40)],
    ["is cut to nothing", (bytes) => bytes.slice(0, 1)],
    ["is longer", (bytes) => Uint8Array.from([...bytes, 0])],
    ["has a garbled length", (bytes) => bytes.with(1, 255)],
    ["has a garbled header", (bytes) => bytes.with(8, 255)],
    ["says it is compressed and is not", (bytes) => bytes.with(0, 1)],
    ["says it is compressed otherwise and is not", (bytes) => bytes.with(0, 2)],
  ])("that %s is DAMAGED_DATA", async (_, damage) => {
    const { keyPrefix, last } = await makeThread();
    await putRaw(withBytes(await itemAt(keyPrefix, last), "data", damage));
    await expectError(keyPrefix, last, "DAMAGED_DATA", undefined);
  });

  const odd = { toString: null, valueOf: null };
  it.each<[what: string, part: string, changes: object]>([
    ["a format that is an object", "(checkpoint)", { v: odd }],
    ["a time that is an object", "(checkpoint)", { ts: odd }],
    ["versions that are a text", "(checkpoint)", { channel_versions: "abc" }],
    ["a version that is an object", "(checkpoint)", { channel_versions: { notes: odd } }],
    ["no versions seen of a node", "(checkpoint)", { versions_seen: { node: null } }],
    ["counters that are a text", "(metadata)", { counters_since_delta_snapshot: "abc" }],
  ])("with %s is DAMAGED_DATA of its %s", async (_, part, changes) => {
    const { keyPrefix, last } = await makeThread();
    const json = JSON.stringify({ ...(part === "(checkpoint)" && (JSON.parse(BODY) as object)), ...changes });
    const frame = buildFrame(part === "(checkpoint)" ? { body: json } : { metadata: json });
    await putRaw({ ...(await itemAt(keyPrefix, last)), data: binary(plain(frame)) });
    await expectError(keyPrefix, last, "DAMAGED_DATA", part);
  });

  it("that was compressed and is cut short is DAMAGED_DATA", async () => {
    const keyPrefix = newPrefix();
    const [step] = await putChain(createSaver({ keyPrefix }), emptyThread(), [{ notes: "compressible ".repeat(50) }]);
    await putRaw(withBytes(await itemAt(keyPrefix, step!), "data", (bytes) => bytes.slice(0, -10)));
    await expectError(keyPrefix, step!, "DAMAGED_DATA", undefined);
  });

  it.each(["data", "v"])("without its attribute %s is DAMAGED_DATA", async (attribute) => {
    const { keyPrefix, last } = await makeThread();
    const { [attribute]: _, ...rest } = await itemAt(keyPrefix, last);
    await putRaw(rest);
    await expectError(keyPrefix, last, "DAMAGED_DATA", undefined);
  });

  it("of a newer format or codec is UNSUPPORTED_FORMAT", async () => {
    const { keyPrefix, last } = await makeThread();
    const item = await itemAt(keyPrefix, last);
    await putRaw({ ...item, v: { N: "99" } });
    await expectError(keyPrefix, last, "UNSUPPORTED_FORMAT", undefined);
    await putRaw(withBytes(item, "data", (bytes) => bytes.with(0, 200)));
    await expectError(keyPrefix, last, "UNSUPPORTED_FORMAT", undefined);
  });

  it("that is damaged is refused as a parent too", async () => {
    const { keyPrefix, last } = await makeThread();
    await putRaw(withBytes(await itemAt(keyPrefix, last), "data", (bytes) => bytes.slice(0, 40)));
    const put = putChain(createSaver({ keyPrefix }), last, [{ notes: "next" }]);
    await expect(put).rejects.toMatchObject({ code: "DAMAGED_DATA", checkpointId: last.checkpoint.id });
  });
});

describe("a task's writes", () => {
  it("that are damaged are DAMAGED_DATA of that task", async () => {
    const { keyPrefix, last } = await makeThread();
    await putRaw(withBytes(await itemAt(keyPrefix, last, isWrites), "w0", (bytes) => bytes.slice(0, -1)));
    await expectError(keyPrefix, last, "DAMAGED_DATA", "(writes of task task)");
  });

  it("of a newer format are UNSUPPORTED_FORMAT", async () => {
    const { keyPrefix, last } = await makeThread();
    await putRaw({ ...(await itemAt(keyPrefix, last, isWrites)), v: { N: "99" } });
    await expectError(keyPrefix, last, "UNSUPPORTED_FORMAT", "(writes of task task)");
  });
});

describe("an item whose key only looks like one of a checkpoint", () => {
  it("is none of its parts", async () => {
    const { keyPrefix, last } = await makeThread();
    const [checkpoint, writes] = [await itemAt(keyPrefix, last), await itemAt(keyPrefix, last, isWrites)];
    const w0 = binary(
      plain(buildContainer({ head: "notes", entries: [["json", 8]], hashes: [], tails: [utf8('"forged"')] })),
    );
    for (const more of ["#1", "##1", "x".repeat(7)]) {
      await putRaw({ ...checkpoint, SK: { S: checkpoint.SK!.S! + more }, data: binary(plain(buildFrame({}))) });
      await putRaw({ ...writes, SK: { S: writes.SK!.S! + more }, w0 });
    }
    const tuple = await createSaver({ keyPrefix }).getTuple(last.config);
    expect(tuple?.pendingWrites).toEqual([["task", "notes", "pending"]]);
    expect(tuple?.checkpoint.channel_values.notes).toBe("third");
  });
});

describe("damage", () => {
  it("of one checkpoint does not affect the others", async () => {
    const { keyPrefix, steps, last } = await makeThread();
    await putRaw(withBytes(await itemAt(keyPrefix, steps[1]), "data", (bytes) => bytes.slice(0, 40)));
    for (const config of [last.config, latestOf(last)]) {
      expect(await valuesAt(createSaver({ keyPrefix }), config)).toEqual({ document: noise(5_000), notes: "third" });
    }
    expect(await valuesAt(createSaver({ keyPrefix }), steps[0].config)).toEqual({
      document: noise(5_000),
      notes: "first",
    });
  });

  it("does not stop deleteThread", async () => {
    const { keyPrefix, last } = await makeThread();
    await putRaw({ ...(await itemAt(keyPrefix, last)), v: { N: "99" } });
    await createSaver({ keyPrefix }).deleteThread(threadIdOf(last));
    expect(await itemsOf(keyPrefix, threadIdOf(last))).toEqual([]);
  });
});

it("isDynamoDBSaverError knows this package's errors and no others", async () => {
  const own: unknown = await createSaver()
    .getTuple({ configurable: { thread_id: 1 } })
    .catch((e: unknown) => e);
  expect(isDynamoDBSaverError(own)).toBe(true);
  for (const other of [new Error("x"), { code: "MISSING_DATA" }, null, undefined, "x"])
    expect(isDynamoDBSaverError(other)).toBe(false);
});
