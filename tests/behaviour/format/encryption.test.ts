import { DynamoDBSaver, type CheckpointDataError, type EncryptionOptions } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test } from "vitest";
import { collect, emptyThread, noise, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { deleteRaw, itemsOf, itemsWithPrefix, putRaw, withBytes, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { BUCKET, callS3, objectKeys } from "../../lanes/stored/s3-client.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { base64Url, bytesOf } from "../../lanes/stored/stored-format.js";

const key = noise(32, 11);
const otherKey = noise(32, 12);
const marker = "Zebracorn";

const encrypted = (
  keyPrefix: string,
  encryption: Partial<EncryptionOptions> = {},
  options: Partial<SaverOptions> = {},
): DynamoDBSaver => createSaver({ keyPrefix, encryption: { key, ...encryption }, ...options });

/** Bytes as text, of which every byte is one sign. */
const signsOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** Everything that an item holds, its binary attributes decoded. */
function readable(item: RawItem): string {
  return Object.entries(item)
    .map(([name, value]) => `${name}=${value.B === undefined ? JSON.stringify(value) : signsOf(bytesOf(item, name))}`)
    .join("\n");
}

/** A thread with the marker in every kind of place. */
async function putMarked(saver: DynamoDBSaver, threadId = "t"): Promise<Step> {
  const long = `${marker} `.repeat(1_000);
  const step = await putStep(
    saver,
    emptyThread(threadId),
    { [`${marker} channel`]: 1, short: marker, long, bytes: noise(2_000) },
    { metadata: { said: marker } },
  );
  await saver.putWrites(
    step.config,
    [
      [`${marker} channel`, marker],
      ["long", marker.repeat(10_000)],
    ],
    "task",
  );
  return step;
}

describe.each<[compression: "gzip" | "none"]>([["gzip"], ["none"]])("with compression %s", (compression) => {
  test("nothing that is stored in DynamoDB or S3 shows a value, a channel's name or metadata", async () => {
    const keyPrefix = newPrefix();
    const s3 = { ...s3Options(), thresholdBytes: 5_000 };
    const saver = encrypted(keyPrefix, {}, { s3, compression });
    const step = await putMarked(saver);

    const items = await itemsOf(keyPrefix, "t");
    expect(items.length).toBeGreaterThan(3);
    for (const item of items) expect(readable(item)).not.toContain(marker);
    const keys = await objectKeys(inject("s3"), s3.prefix);
    if (compression === "none") expect(keys.length).toBeGreaterThan(0);
    for (const name of keys) {
      const object = await callS3(
        inject("s3"),
        "GET",
        `${BUCKET}/${name.split("/").map(encodeURIComponent).join("/")}`,
      );
      expect(object.status).toBe(200);
      expect(signsOf(new Uint8Array(await object.arrayBuffer()))).not.toContain(marker);
    }
    expect((await encrypted(keyPrefix, {}, { s3 }).getTuple(step.config))?.checkpoint.channel_values).toEqual(
      step.checkpoint.channel_values,
    );
  });
});

test("the same thread without encryption shows the marker, so that the search for it can fail", async () => {
  const keyPrefix = newPrefix();
  await putMarked(createSaver({ keyPrefix, compression: "none" }));
  expect((await itemsOf(keyPrefix, "t")).filter((item) => readable(item).includes(marker)).length).toBeGreaterThan(1);
});

test("a segment's name tells nothing about its content to who lacks the key", async () => {
  const value = noise(3_000);
  const nameWith = async (options: Partial<SaverOptions>): Promise<string[]> => {
    const keyPrefix = newPrefix();
    await putStep(createSaver({ keyPrefix, ...options }), emptyThread("t"), { value });
    return (await itemsOf(keyPrefix, "t", "S#")).map(({ SK }) => SK!.S!.split("#")[2]!);
  };
  const plain = await nameWith({});
  // What its name is without encryption: the SHA-256 of what is in it, all but the tail.
  const sha256 = base64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", value.slice(0, value.length - 64))));
  expect(plain).toEqual([sha256]);

  const [one, same, other] = [
    await nameWith({ encryption: { key } }),
    await nameWith({ encryption: { key } }),
    await nameWith({ encryption: { key: otherKey } }),
  ];
  expect(one).toHaveLength(1);
  expect(same).toEqual(one);
  expect(new Set([...plain, ...one, ...other]).size).toBe(3);
});

test.each<[what: string, encryption: EncryptionOptions | undefined]>([
  ["another key", { key: otherKey }],
  ["another key, and others of old", { key: otherKey, olderKeys: [noise(32, 13)] }],
  ["another key, where plain data is allowed", { key: otherKey, allowPlaintext: true }],
  ["no key", undefined],
])("with %s, reading is an error that names the checkpoint", async (_, encryption) => {
  const keyPrefix = newPrefix();
  const { config } = await putMarked(encrypted(keyPrefix));
  const reader = createSaver({ keyPrefix, ...(encryption && { encryption }) });

  const error = (await errorOf(reader.getTuple(config))) as unknown as CheckpointDataError;

  expect(error).toMatchObject({
    name: "CheckpointDataError",
    code: "DECRYPTION_FAILED",
    threadId: "t",
    checkpointId: config.configurable!.checkpoint_id as string,
  });
});

test("plain data is refused with encryption on, and read where it is allowed", async () => {
  const keyPrefix = newPrefix();
  const step = await putMarked(createSaver({ keyPrefix }));

  expect(await errorOf(encrypted(keyPrefix).getTuple(step.config))).toMatchObject({
    code: "PLAINTEXT_REFUSED",
    message: expect.stringContaining("allowPlaintext: true"),
  });
  expect(await valuesAt(encrypted(keyPrefix, { allowPlaintext: true }), step.config)).toEqual(
    step.checkpoint.channel_values,
  );
});

test("plain writes and plain segments beside an encrypted checkpoint are refused too", async () => {
  const keyPrefix = newPrefix();
  const step = await putStep(encrypted(keyPrefix), emptyThread("t"), { n: 1 });
  await createSaver({ keyPrefix }).putWrites(step.config, [["n", 2]], "task");

  expect(await errorOf(encrypted(keyPrefix).getTuple(step.config))).toMatchObject({ code: "PLAINTEXT_REFUSED" });
});

test("a thread goes on under a new key, and its old values are read with the old one", async () => {
  const keyPrefix = newPrefix();
  const one = await putStep(encrypted(keyPrefix), emptyThread("t"), { kept: noise(3_000), grown: noise(3_000, 2) });
  const rotated = { key: otherKey, olderKeys: [noise(32, 13), key] };
  const two = await putStep(createSaver({ keyPrefix, encryption: rotated }), one, {
    grown: noise(6_000, 2),
    added: "new",
  });

  const reader = createSaver({ keyPrefix, encryption: rotated });
  expect(await valuesAt(reader, one.config)).toEqual(one.checkpoint.channel_values);
  expect(await valuesAt(reader, two.config)).toEqual(two.checkpoint.channel_values);

  // All that is new is under the new key alone.
  const three = await putStep(reader, emptyThread("other"), { value: noise(3_000) });
  expect(await valuesAt(createSaver({ keyPrefix, encryption: { key: otherKey } }), three.config)).toEqual(
    three.checkpoint.channel_values,
  );
  expect(await errorOf(encrypted(keyPrefix).getTuple(three.config))).toMatchObject({ code: "DECRYPTION_FAILED" });
});

test("a CryptoKey that cannot be exported does as well as its bytes", async () => {
  const keyPrefix = newPrefix();
  const cryptoKey = await crypto.subtle.importKey("raw", key as Uint8Array<ArrayBuffer>, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
  const step = await putMarked(createSaver({ keyPrefix, encryption: { key: cryptoKey } }));

  expect(await valuesAt(encrypted(keyPrefix), step.config)).toEqual(step.checkpoint.channel_values);
  expect(
    await valuesAt(createSaver({ keyPrefix, encryption: { key: otherKey, olderKeys: [cryptoKey] } }), step.config),
  ).toEqual(step.checkpoint.channel_values);
});

test("the saver keeps its own copy of the key's bytes", async () => {
  const keyPrefix = newPrefix();
  const given = new Uint8Array(key);
  const saver = createSaver({ keyPrefix, encryption: { key: given } });
  given.fill(0);
  const step = await putStep(saver, emptyThread("t"), { n: 1 });

  expect(await valuesAt(encrypted(keyPrefix), step.config)).toEqual({ n: 1 });
});

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

describe("a task's path, to which its writes are bound,", () => {
  const pathsOf = async (keyPrefix: string): Promise<unknown> =>
    (await itemsOf(keyPrefix, "t", "C##")).filter(({ SK }) => SK!.S!.includes("#W#")).map(({ path }) => path?.S);

  test.each<[what: string, paths: string[], kept: string]>([
    ["stays the first where another call gives another one", ["~one", "~two"], "~one"],
    ["is taken where an earlier call has given none", ["", "~one"], "~one"],
    ["stays where a later call gives none", ["~one", ""], "~one"],
  ])("%s, and all writes are read", async (_, paths, kept) => {
    for (const many of [1, 150]) {
      const keyPrefix = newPrefix();
      const saver = encrypted(keyPrefix);
      const { config } = await putStep(saver, emptyThread("t"), { n: 1 });
      await saver.putWrites(config, [["n", 1]], "task", paths[0]);
      const more = [
        ...Array.from({ length: many }, (_, i): [string, unknown] => ["n", i + 1]),
        ["__interrupt__", "?"] as [string, unknown],
      ];
      await encrypted(keyPrefix).putWrites(config, more, "task", paths[1]);

      expect((await encrypted(keyPrefix).getTuple(config))?.pendingWrites).toHaveLength(many + 1);
      expect(await pathsOf(keyPrefix)).toEqual([kept]);
      await saver.copyThread("t", "copy");
      expect(
        (await encrypted(keyPrefix).getTuple({ configurable: { thread_id: "copy" } }))?.pendingWrites,
      ).toHaveLength(many + 1);
    }
  });

  test(
    "is another one each time a thread is taken over from another saver, also when its tasks have " + "gone on here",
    async () => {
      const keyPrefix = newPrefix();
      const source = createSaver({ keyPrefix: newPrefix() });
      const { config } = await putStep(source, emptyThread("t"), { n: 1 });
      await source.putWrites(config, [["n", 1]], "later");
      const saver = encrypted(keyPrefix);
      await saver.importFrom(source, { threadIds: ["t"] });
      await saver.putWrites(
        config,
        [
          ["n", 1],
          ["n", 2],
        ],
        "later",
        "~__pregel_pull, later",
      );
      await source.putWrites(config, [["n", 0]], "earlier");
      await saver.importFrom(source, { threadIds: ["t"] });

      expect((await encrypted(keyPrefix).getTuple(config))?.pendingWrites).toHaveLength(3);
    },
  );
});

test("what an item says of an id that was too long for its key counts only if it is that id", async () => {
  const long = (what: string): string => `${what} `.repeat(500);
  for (const options of [{}, { encryption: { key } }]) {
    const keyPrefix = newPrefix();
    const open = (): DynamoDBSaver => createSaver({ keyPrefix, ...options });
    const { config } = await putStep(open(), emptyThread(long("thread"), long("ns")), { n: 1 }, { id: long("id") });
    await open().putWrites(config, [["n", 2]], long("task"));
    const newest = { configurable: { thread_id: long("thread"), checkpoint_ns: long("ns") } };
    const readings: (() => Promise<unknown>)[] = [
      () => open().getTuple(config),
      () => open().getTuple(newest),
      () => collect(open().list(config)),
      () => collect(open().list(newest)),
      () => collect(open().list({ configurable: { thread_id: long("thread") } })),
      () => collect(open().exportThread(long("thread"))),
    ];
    const threads = async (): Promise<string> => JSON.stringify(await collect(open().listThreads()));
    for (const reading of readings) await reading();
    expect(await threads()).toContain(long("thread").trim());

    const items = await itemsWithPrefix(keyPrefix);
    for (const name of ["ns", "id", "task"]) {
      const having = items.filter((item) => item[name]);
      expect(having).not.toHaveLength(0);
      for (const said of [{}, { [name]: { S: "forged" } }]) {
        for (const { [name]: _, ...item } of having) await putRaw({ ...item, ...said });
        for (const reading of readings)
          expect(await errorOf(reading())).toMatchObject({ name: "CheckpointDataError", code: "DAMAGED_DATA" });
      }
      for (const item of having) await putRaw(item);
    }
    for (const item of items.filter(({ thread }) => thread)) await putRaw({ ...item, thread: { S: "forged" } });
    expect(await threads()).not.toContain("forged");
  }
});

test("a checkpoint whose long id is not known any more is pruned, and deleted with its thread", async () => {
  const keyPrefix = newPrefix();
  const damage = async (id: string): Promise<void> => {
    const { id: _, ...item } = (await itemsOf(keyPrefix, "t", `C##${id}`)).find(({ SK }) => SK!.S!.includes("#~"))!;
    await putRaw(item);
  };
  const one = await putStep(encrypted(keyPrefix), emptyThread("t"), { n: 1 }, { id: "1".repeat(300) });
  const two = await putStep(encrypted(keyPrefix), one, { n: 2 }, { id: "2".repeat(300) });
  await damage("1");

  expect(await encrypted(keyPrefix).prune({ threadIds: ["t"], keepLast: 1, graceSeconds: 0 })).toMatchObject({
    checkpoints: 1,
  });
  expect(await valuesAt(encrypted(keyPrefix), two.config)).toEqual({ n: 2 });
  await damage("2");
  await encrypted(keyPrefix).deleteThread("t");
  expect((await itemsOf(keyPrefix, "t")).filter(({ data }) => data)).toEqual([]);
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

test.each<[what: string, encryption: unknown, says: string]>([
  ["16 bytes", { key: key.slice(0, 16) }, "encryption.key must be 32 bytes"],
  ["a text", { key: "0".repeat(32) }, "encryption.key must be 32 bytes"],
  ["no key", {}, "encryption.key must be 32 bytes"],
  ["a short key of old", { key, olderKeys: [key, key.slice(1)] }, "encryption.olderKeys[1] must be 32 bytes"],
  ["one key of old for a list", { key, olderKeys: key }, "encryption.olderKeys must be an array"],
  ["a key for the whole option", key, "encryption"],
  ["a misspelt option", { key, allowPlainText: true }, 'There is no option "encryption.allowPlainText"'],
  ["a flag that is none", { key, allowPlaintext: "yes" }, "encryption.allowPlaintext must be a boolean"],
])("the option encryption with %s is refused", (_, encryption, says) => {
  const make = (): unknown => createSaver({ encryption: encryption as EncryptionOptions });

  expect(make).toThrow(
    expect.toSatisfy(
      (error: { code: string; message: string }) => error.code === "INVALID_CONFIG" && error.message.includes(says),
    ),
  );
});

test.each<[what: string, algorithm: AesKeyGenParams | HmacKeyGenParams, usages: KeyUsage[]]>([
  ["that may only encrypt", { name: "AES-GCM", length: 256 }, ["encrypt"]],
  ["of 128 bits", { name: "AES-GCM", length: 128 }, ["encrypt", "decrypt"]],
  ["of another algorithm", { name: "AES-CBC", length: 256 }, ["encrypt", "decrypt"]],
])("a CryptoKey %s is refused", async (_, algorithm, usages) => {
  const cryptoKey = await crypto.subtle.generateKey(algorithm, false, usages);

  expect(() => createSaver({ encryption: { key: cryptoKey } })).toThrow(
    expect.toSatisfy((error: { code: string }) => error.code === "INVALID_CONFIG"),
  );
});

test("neither the saver nor an error shows the key's bytes", async () => {
  const keyPrefix = newPrefix();
  const { config } = await putMarked(encrypted(keyPrefix));
  const saver = createSaver({ keyPrefix, encryption: { key: otherKey } });
  const error = await errorOf(saver.getTuple(config));

  const shown = [
    JSON.stringify(saver),
    `${saver as unknown as string}`,
    JSON.stringify(Object.getOwnPropertyDescriptors(saver)),
    JSON.stringify(error),
    String(error),
    error.stack,
    JSON.stringify(error.cause),
  ].join("\n");
  for (const secret of [
    otherKey.join(","),
    base64Url(otherKey),
    btoa(signsOf(otherKey)),
    Array.from(otherKey, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  ]) {
    expect(shown).not.toContain(secret.slice(0, 12));
  }
});
