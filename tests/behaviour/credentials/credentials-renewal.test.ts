import { describe, expect, test, vi } from "vitest";
import { moment, passTime, until, useFakeClock, useJitter } from "../../lanes/faults/clock.js";
import { kinds } from "../../lanes/servers/credential-providers.js";
import { HOUR, issued } from "../../lanes/servers/credential-services.js";
import { awsError, errorOf, first, nothingFound, observedSaver, readNothing } from "../../lanes/faults/faulty-fetch.js";

/* Needs no server. */

useFakeClock();
useJitter(0);

const MINUTE = 60_000;
const pass = (ms: number): unknown => vi.setSystemTime(Date.now() + ms);

describe.each(kinds)("$name", ({ service: makeService, provider: makeProvider, requests: [atFirst, later] }) => {
  function made(options = {}) {
    const service = makeService();
    return { service, provider: makeProvider({ fetch: service.fetch, ...options }) };
  }

  test("sends nothing before it is called, and keeps what it got", async () => {
    const { service, provider } = made();
    expect(service.asked).toEqual([]);

    expect(await provider()).toMatchObject({ ...issued(1), expiration: new Date(Date.now() + HOUR) });
    pass(HOUR - 5 * MINUTE - 1);
    expect(await provider()).toMatchObject(issued(1));

    expect(service.asked).toHaveLength(atFirst);
  });

  test("asks again 5 minutes before they end", async () => {
    const { service, provider } = made();
    await provider();

    pass(HOUR - 5 * MINUTE);

    expect(await provider()).toMatchObject(issued(2));
    expect(service.asked).toHaveLength(atFirst + later);
  });

  test(
    "goes on with the old ones while a renewal fails, tries again after a while, and fails when they " + "have ended",
    async () => {
      const { service, provider } = made({ maxRetries: 0 });
      await provider();
      service.fault = () => new Response(null, { status: 503 });

      pass(HOUR - 5 * MINUTE);
      expect(await provider()).toMatchObject(issued(1));
      expect(await provider()).toMatchObject(issued(1));
      expect(service.asked).toHaveLength(atFirst + 1);
      pass(30_000);
      expect(await provider()).toMatchObject(issued(1));
      expect(service.asked).toHaveLength(atFirst + 2);
      pass(5 * MINUTE);

      expect(await errorOf(provider())).toMatchObject({ code: "CREDENTIALS" });
    },
  );

  test("asks once for all that call at once", async () => {
    const { service, provider } = made();

    const results = await passTime(
      Array.from({ length: 20 }, () => provider()),
      { stepMs: 5, busy: () => service.working > 0 },
    );

    for (const result of results) expect(result).toMatchObject({ status: "fulfilled", value: issued(1) });
    expect(service.asked).toHaveLength(atFirst);
  });

  test("fails once for all that call at once, and asks again at the next call", async () => {
    const { service, provider } = made({ maxRetries: 0 });
    service.fault = (_, number) => (number === 1 ? new Response(null, { status: 503 }) : undefined);

    const results = await passTime(
      Array.from({ length: 20 }, () => provider()),
      { stepMs: 5, busy: () => service.working > 0 },
    );

    for (const result of results)
      expect(result).toMatchObject({ status: "rejected", reason: { code: "CREDENTIALS", status: 503 } });
    expect(service.asked).toHaveLength(1);
    expect(await provider()).toMatchObject(issued(1));
  });

  test("is not waited for by others when the one that asks is gone", async () => {
    const { service, provider } = made({ timeout: 60_000 });
    service.fault = (_, number) => (number === 1 ? new Promise<Response>(() => undefined) : undefined);

    const gone = provider();
    await until(() => service.asked.length === 1);
    const other = provider();
    await moment();
    expect(service.asked).toHaveLength(1);

    expect(await passTime([other], { stepMs: 250, besides: [gone], busy: () => service.working > 0 })).toMatchObject([
      { status: "fulfilled", value: issued(1) },
    ]);
    gone.catch(() => undefined);
  });

  test("gives others when the service has refused those it gave", async () => {
    const { provider } = made();
    const { saver, sent } = observedSaver(
      first(1, () => awsError("ExpiredTokenException"), nothingFound),
      { credentials: provider },
    );

    await readNothing(saver);

    expect(sent.map(({ headers }) => /Credential=(\w+)/.exec(headers.get("authorization")!)![1])).toEqual([
      "ISSUED1",
      "ISSUED2",
    ]);
    expect(sent.map(({ headers }) => headers.get("x-amz-security-token"))).toEqual([
      issued(1).sessionToken,
      issued(2).sessionToken,
    ]);
  });

  test("cannot be changed through what it gave", async () => {
    const { provider } = made();

    (await provider()).accessKeyId = "CHANGED";

    expect(await provider()).toMatchObject(issued(1));
  });
});
