import { describe, expect, test } from "vitest";
import { s3Error, type Intercept } from "../../lanes/stored/aws-requests.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { emptyThread, noise, putStep, valuesAt } from "../../lanes/savers/checkpoints.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { onCeph } from "../../lanes/servers/real-servers.js";
import { headObject, keysAt, newPlace, putLarge, saverAt } from "../../lanes/savers/s3-saver.js";
import { goneAt } from "../../lanes/stored/stored-format.js";

useJitter(0);

describe.each<[what: string, answer: () => Response]>([
  ["403 AccessDenied, as AWS says it", () => s3Error(403, "AccessDenied")],
  ["501 NotImplemented, as R2 says it", () => s3Error(501, "NotImplemented")],
])("where tags are refused with %s", (_, answer) => {
  const refuse: Intercept = ({ headers }) => (headers.has("x-amz-tagging") ? answer() : undefined);

  test("objects are stored without, there is one warning, and their pointers stay as long as they do", async () => {
    const place = newPlace();
    const watched = saverAt(place, refuse, { ttlSeconds: 1_000 });
    const one = await putStep(watched.saver, emptyThread("t"), {
      a: noise(6_000),
      b: noise(7_000, 2),
      medium: noise(3_000, 3),
    });
    await putStep(watched.saver, one, { a: noise(6_000, 4) });

    expect(await valuesAt(saverAt(place, refuse, { ttlSeconds: 1_000 }).saver, one.config)).toEqual(
      one.checkpoint.channel_values,
    );
    expect(watched.events.filter(({ type }) => type === "warning")).toEqual([
      { type: "warning", code: "TAGS_REFUSED", message: expect.stringContaining("s3:PutObjectTagging") },
    ]);
    const keys = await keysAt(place);
    expect(keys).toHaveLength(3);
    for (const key of keys) expect((await headObject(key)).get("x-amz-tagging-count")).toBeNull();
    const items = await itemsOf(place.keyPrefix, "t");
    const isPointer = ({ SK }: (typeof items)[number]): boolean => SK!.S!.startsWith("P#");
    // Beside those of the places where they would have expired.
    expect(items.filter((item) => isPointer(item) && goneAt(item) === Infinity)).toHaveLength(3);
    expect(items.filter((item) => !isPointer(item)).map(goneAt)).not.toContain(Infinity);

    await saverAt(place).saver.deleteThread("t");
    expect(await keysAt(place)).toEqual([]);
  });

  test("a pointer that stays comes before an object that stays", async () => {
    const place = newPlace();
    let ends: number[] = [];
    const { saver } = saverAt(
      place,
      async (request) => {
        const refused = refuse(request);
        if (!refused && request.operation === "PutObject")
          ends = (await itemsOf(place.keyPrefix, "t", "P#")).map(goneAt);
        return refused ?? request.forward();
      },
      { ttlSeconds: 1_000 },
    );
    await putLarge({ saver });
    expect(ends).toContain(Infinity);
  });
});

onCeph(
  "where objects can be tagged, they have the tag that the lifecycle rule goes by, and their pointers end too",
  async () => {
    const place = newPlace();
    const { saver, sent } = saverAt(place, undefined, { ttlSeconds: 7 * 86_400 });
    await putLarge({ saver });

    const put = sent.find(({ operation }) => operation === "PutObject")!;
    expect(put.headers.get("x-amz-tagging")).toBe("ttl-days=11");
    const [key] = await keysAt(place);
    expect((await headObject(key!)).get("x-amz-tagging-count")).toBe("1");
    expect((await itemsOf(place.keyPrefix, "t", "P#")).map(goneAt)).toEqual([expect.toSatisfy(Number.isFinite)]);
  },
);
