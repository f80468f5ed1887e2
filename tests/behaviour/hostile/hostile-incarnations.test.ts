import { describe, expect, test } from "vitest";
import { emptyThread, noise, putStep } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { itemsOf, putRaw, type RawItem } from "../../lanes/stored/raw-table.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { keysAt, newPlace, saverAt } from "../../lanes/savers/s3-saver.js";
import { binary, buildContainer, fromBase64, plain, utf8 } from "../../lanes/stored/stored-bytes.js";
import { base64Url } from "../../lanes/stored/stored-format.js";
import { isWrites } from "../../lanes/stored/sort-keys.js";

/*
 * The objects and segments of a thread lie under the name of its incarnation, which its items say. Who can write to the
 * table says it too.
 */

describe("a write that says of which incarnation its segments are", () => {
  /** A writes item as a tenant can store it, whose value lies in S3 at a place of its choice. */
  const hostileWrite = (item: RawItem, born: unknown, name: Uint8Array): RawItem => ({
    ...item,
    w0: binary(
      plain(buildContainer({ head: ["n", born], entries: [["bytes", 0, -3_000]], hashes: [name], tails: [] })),
    ),
  });

  test("cannot say a path: nothing is asked for outside of its thread's folder", async () => {
    const { keyPrefix: _, s3 } = newPlace({ thresholdBytes: 2_000 });
    const [own, other] = [newPrefix(), newPrefix()];
    const secret = noise(6_000, 9);
    await putStep(createSaver({ keyPrefix: other, s3 }), emptyThread("t"), { secret });
    const [theirs] = await keysAt({ keyPrefix: other, s3 });
    const [folder, file] = theirs!.slice(s3.prefix.length).split("/") as [string, string];
    const { config } = await putStep(createSaver({ keyPrefix: own, s3 }), emptyThread("t"), { n: 1 });
    await createSaver({ keyPrefix: own, s3 }).putWrites(config, [["n", 2]], "task");
    const item = (await itemsOf(own, "t", "C##")).find((item) => isWrites(item, "task"))!;
    const hash = fromBase64(file.slice(-43).replace(/-/g, "+").replace(/_/g, "/") + "=");

    for (const born of [
      `../${folder}/${file.slice(0, -44)}`,
      `x/../../${folder}/${file.slice(0, -44)}`,
      "../../../other-bucket/x",
      "..",
      "a/b",
      "?",
      "#",
      "\u0000",
      "x".repeat(2_000),
      1,
      null,
      ["x"],
    ]) {
      await putRaw(hostileWrite(item, born, hash));
      const { saver, sent } = saverAt({ keyPrefix: own, s3 });
      const error = await errorOf(saver.getTuple(config));
      expect(error).toMatchObject({
        name: "CheckpointDataError",
        code: expect.stringMatching(/^(DAMAGED_DATA|MISSING_DATA)$/),
      });
      const folders = sent
        .filter(({ operation }) => operation === "GetObject")
        .map(({ url }) => url.pathname.split("/").slice(0, -1).join("/"));
      for (const asked of folders) expect(asked).toBe(`/checkpoints/${s3.prefix}${base64Url(utf8(`${own}T#t`))}`);
    }
  });
});

test("an incarnation of another length than ours is a data error or none, and never too long a key", async () => {
  for (const born of [new Uint8Array(0), noise(3), noise(5), noise(800), noise(5_000)]) {
    const keyPrefix = newPrefix();
    const one = await putStep(createSaver({ keyPrefix }), emptyThread("t"), { large: noise(3_000) });
    for (const item of await itemsOf(keyPrefix, "t", "C#")) await putRaw({ ...item, born: binary(born) });
    for (const call of [
      () => createSaver({ keyPrefix }).getTuple(one.config),
      () => putStep(createSaver({ keyPrefix }), one, { n: 1, large: noise(4_000) }),
    ]) {
      const error: unknown = await call().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined)
        expect(error).toMatchObject({
          name: "CheckpointDataError",
          code: expect.stringMatching(/^(DAMAGED_DATA|MISSING_DATA)$/),
        });
    }
    await createSaver({ keyPrefix }).deleteThread("t");
    expect(await itemsOf(keyPrefix, "t")).toEqual([]);
  }
});
