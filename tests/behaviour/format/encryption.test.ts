import type { CheckpointDataError, DynamoDBSaver, EncryptionOptions } from "langgraph-checkpoint-dynamodb";
import { describe, expect, inject, test } from "vitest";
import { emptyThread, noise, putStep, valuesAt, type Step } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver, type SaverOptions } from "../../lanes/savers/harness.js";
import { itemsOf, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { BUCKET, callS3, objectKeys } from "../../lanes/stored/s3-client.js";
import { s3Options } from "../../lanes/savers/s3-options.js";
import { base64Url, bytesOf } from "../../lanes/stored/stored-format.js";
import { encrypted, key, otherKey } from "./encrypted.js";

const marker = "Zebracorn";

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
