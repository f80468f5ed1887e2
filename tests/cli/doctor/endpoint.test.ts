import { describe, expect, test } from "vitest";
import { examined } from "../../lanes/run/doctor.js";
import type { SaverOptions } from "../../lanes/savers/harness.js";

const MINUTE = 60_000;

describe("the clock", () => {
  const serverAhead = (ms: number): Partial<SaverOptions> => ({
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      const headers = new Headers(answer.headers);
      headers.set("date", new Date(Date.now() + ms).toUTCString());
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers });
    },
  });

  test.each<[ahead: number, status: string, says: RegExp]>([
    [0, "ok", /agrees/],
    [2 * MINUTE, "warning", /1(19|20|21) s behind.*Over 5 minutes/],
    [-20 * MINUTE, "wrong", /1(199|200|201) s ahead of.*AWS refuses/],
  ])("with a server %d ms ahead is %s", async (ahead, status, says) => {
    const { of } = await examined(serverAhead(ahead));
    expect(of("clock")).toMatchObject({ status, finding: expect.stringMatching(says) });
    if (status !== "ok") expect(of("clock").remedy).toContain("NTP");
  });

  test("is not known where the server does not tell its time", async () => {
    const { of } = await examined({
      fetch: async (url, init) => new Response(await (await fetch(url, init)).arrayBuffer()),
    });
    expect(of("clock").status).toBe("skipped");
  });
});

describe("the endpoint", () => {
  test("where nothing listens is wrong, and no signed request goes there", async () => {
    const { findings, sent } = await examined({ endpoint: "http://127.0.0.1:9" });
    expect(findings.find(({ check }) => check === "endpoint")).toMatchObject({
      status: "wrong",
      finding: expect.stringMatching(/connection to http:\/\/127.0.0.1:9 failed/),
    });
    expect(sent.filter(({ headers }) => headers.has("authorization"))).toEqual([]);
  });

  test.each<[code: string, remedy: RegExp]>([
    ["ECONNREFUSED", /Nothing listens/],
    ["ENOTFOUND", /no such host/],
    ["CERT_HAS_EXPIRED", /certificate has expired/],
  ])("%s says what it means", async (code, remedy) => {
    const { of } = await examined({}, {}, () =>
      Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(), { code }) })),
    );
    expect(of("endpoint")).toMatchObject({
      status: "wrong",
      finding: expect.stringContaining(`(${code})`),
      remedy: expect.stringMatching(remedy),
    });
  });

  test("that answers with a redirect is wrong", async () => {
    const { of } = await examined(
      {},
      {},
      () => new Response(null, { status: 302, headers: { location: "https://login.example/" } }),
    );
    expect(of("endpoint")).toMatchObject({ status: "wrong", finding: expect.stringContaining("redirect") });
  });
});
