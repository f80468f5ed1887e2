import { expect, test } from "vitest";
import { emptyThread, noise, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, putRaw } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import {
  binary,
  buildContainer,
  buildFrame,
  CODEC,
  concat,
  gzipped,
  plain,
  utf8,
} from "../../lanes/stored/stored-bytes.js";
import { isWrites } from "../../lanes/stored/sort-keys.js";
import { prepare } from "./neighbours.js";

/*
 * What lies in the place of a checkpoint, or of a task's writes, is something else.
 */

test.each([
  "null",
  "1",
  '"text"',
  "[]",
  "[1,2]",
  '{"v":3}',
  '{"v":3,"channel_versions":null}',
  '{"v":3,"channel_versions":"abc"}',
  '{"v":3,"channel_versions":{"a":{"toString":null}}}',
])("a checkpoint's body that is no checkpoint is a result or a data error in every call: %s", async (body) => {
  const { keyPrefix, one, two, item } = await prepare();
  await putRaw({ ...item, parent: { S: "nobody" }, data: binary(plain(buildFrame({ body, metadata: body }))) });
  const warm = createSaver({ keyPrefix });
  await warm.getTuple(one.config).catch(() => undefined);
  const calls = [
    () => createSaver({ keyPrefix }).getTuple(one.config),
    () => createSaver({ keyPrefix }).getDeltaChannelHistory({ config: one.config, channels: ["log"] }),
    () => warm.getDeltaChannelHistory({ config: one.config, channels: ["log"] }),
    () =>
      createSaver({ keyPrefix })
        .list(one.config, { filter: { source: "loop" } })
        .next(),
    () => putStep(createSaver({ keyPrefix }), one, { n: 3 }),
  ];
  for (const call of calls) {
    const error: unknown = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error !== undefined) expect(error).toMatchObject({ name: "CheckpointDataError", code: "DAMAGED_DATA" });
  }
  expect(await valuesAt(createSaver({ keyPrefix }), two.config)).toEqual({ n: 2 });
});

test.each([2 ** 31, 2 ** 53 - 1, -5, 0])(
  "a run of writes that says it has %d is refused, by readers and by the next putWrites",
  async (count) => {
    const keyPrefix = newPrefix();
    const saver = createSaver({ keyPrefix, compression: "none" });
    const { config } = await putStep(saver, emptyThread("t"), { n: 1 });
    const writes = Array.from({ length: 150 }, (_, i) => ["n", i] as [string, unknown]);
    await saver.putWrites(config, writes, "task");
    const item = (await itemsOf(keyPrefix, "t", "C##")).find((item) => isWrites(item, "task"))!;
    const inner = buildContainer({ head: ["n"], entries: [["json", 1]], hashes: [], tails: [utf8("1")] });
    await putRaw({
      ...item,
      w0: binary(plain(buildContainer({ head: count, entries: [["run", inner.length]], hashes: [], tails: [inner] }))),
    });

    for (const call of [
      () => createSaver({ keyPrefix }).getTuple(config),
      () => createSaver({ keyPrefix }).putWrites(config, writes, "task"),
    ]) {
      expect(await errorOf(call() as Promise<unknown>)).toMatchObject({ code: "DAMAGED_DATA" });
    }
  },
);

test(
  "a value that is encrypted within an encryption, or compressed within a compression, is not " + "unpacked twice",
  async () => {
    const { keyPrefix, one, item } = await prepare();
    for (const bytes of [
      gzipped(gzipped(plain(utf8("{}")))),
      concat(Uint8Array.of(CODEC.encrypted, CODEC.encrypted), noise(60)),
    ]) {
      await putRaw({ ...item, data: binary(bytes) });
      expect(await errorOf(createSaver({ keyPrefix }).getTuple(one.config))).toMatchObject({
        code: expect.stringMatching(/^(DAMAGED_DATA|DECRYPTION_FAILED)$/),
      });
    }
  },
);
