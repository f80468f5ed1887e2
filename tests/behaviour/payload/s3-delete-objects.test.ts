import { describe, expect, test } from "vitest";
import { xml } from "../../lanes/stored/aws-requests.js";
import { useJitter } from "../../lanes/faults/clock.js";
import { emptyThread, noise } from "../../lanes/savers/checkpoints.js";
import { errorOf } from "../../lanes/faults/faulty-fetch.js";
import { itemsOf } from "../../lanes/stored/raw-table.js";
import { firstOf, keysAt, newPlace, putLarge, saverAt } from "../../lanes/savers/s3-saver.js";

useJitter(0);

describe("DeleteObjects", () => {
  const result = (content: string): Response =>
    xml(`<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</DeleteResult>`);
  const denied = (code: string): Response =>
    result(`<Error><Key>k</Key><VersionId></VersionId><Code>${code}</Code><Message>${code}</Message></Error>`);

  test("that is denied inside an answer of status 200 is an error, and the pointers stay", async () => {
    const place = newPlace();
    await putLarge(saverAt(place));
    const error = await errorOf(
      saverAt(
        place,
        firstOf("DeleteObjects", 9, () => denied("AccessDenied")),
      ).saver.deleteThread("t"),
    );

    expect(error).toMatchObject({
      code: "ACCESS_DENIED",
      service: "s3",
      operation: "DeleteObjects",
      serviceCode: "AccessDenied",
    });
    await saverAt(place).saver.deleteThread("t");
    expect([await keysAt(place), await itemsOf(place.keyPrefix, "t")]).toEqual([[], []]);
  });

  test.each<[what: string, answer: () => Response]>([
    ["InternalError for one object", () => denied("InternalError")],
    ["an error instead of a result", () => xml("<Error><Code>InternalError</Code></Error>")],
    ["nothing", () => new Response(null)],
    ["a page of HTML", () => new Response("<html><body>Sign in to this network</body></html>")],
    ["an answer that is cut off", () => xml("<DeleteResult><Deleted><Key>k</Key>")],
  ])("that says 200 with %s is sent again", async (_, answer) => {
    const place = newPlace();
    await putLarge(saverAt(place));
    const { saver, events } = saverAt(place, firstOf("DeleteObjects", 1, answer));
    await saver.deleteThread("t");

    expect(events.filter(({ type }) => type === "retry")).toMatchObject([{ operation: "DeleteObjects", attempt: 1 }]);
    expect(await keysAt(place)).toEqual([]);
  });
});

describe("hostile XML ends as an error, in no time and without a hang:", () => {
  const many = 200_000;
  const tenfold = (i: number): string => `&${"abcdefghi"[i]};`.repeat(10);
  const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY ${"bcdefghij"[i]} "${tenfold(i)}">`);
  test.each<[what: string, text: string]>([
    ["an element opened again and again", "<Error>".repeat(many)],
    ["an element that never closes", `<Error ${" ".repeat(many)}`],
    ["openings that never end", "<Error ".repeat(many)],
    ["closings alone", "</Error>".repeat(many)],
    ["a billion laughs", `<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">${laughs.join("")}]><Error><Code>&j;</Code></Error>`],
    ["a long code", `<Error><Code>${"x".repeat(many)}</Code></Error>`],
    ["angle brackets", "<".repeat(many)],
    ["bytes that are no text", "\u0000\ufffd".repeat(many)],
  ])("%s", async (_, text) => {
    const place = newPlace();
    await putLarge(saverAt(place));
    for (const status of [200, 400]) {
      const error = await errorOf(
        saverAt(
          place,
          firstOf("DeleteObjects", 9, () => xml(text, status)),
          { maxAttempts: 1 },
        ).saver.deleteThread("t"),
      );
      expect(["NETWORK", "SERVICE_ERROR"]).toContain(error.code);
      expect(error.message.length).toBeLessThan(2_000);
    }
    const error = await errorOf(
      saverAt(
        newPlace(),
        firstOf("PutObject", 9, () => xml(text, 400)),
        { maxAttempts: 1 },
      ).saver.put(
        emptyThread("t").config,
        { ...emptyThread().checkpoint, channel_values: { large: noise(6_000) }, channel_versions: { large: 1 } },
        { source: "input", step: -1, parents: {} },
        { large: 1 },
      ),
    );
    expect(["NETWORK", "SERVICE_ERROR"]).toContain(error.code);
    expect(error.service).toBe("s3");
    expect(error.message.length).toBeLessThan(2_000);
  });
});
