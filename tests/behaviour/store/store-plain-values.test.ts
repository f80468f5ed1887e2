import { describe, expect, test } from "vitest";
import { noise } from "../../lanes/savers/checkpoints.js";
import { countedStore, createStore } from "../../lanes/savers/stores.js";

/* A value comes back as it was put, or is refused before anything is sent. */

const NS = ["values"];

describe("what is no object any more when it is stored is refused", () => {
  const values: [string, () => object][] = [
    ["a Date", () => new Date()],
    ["a URL", () => new URL("https://example.com/")],
    ["a boxed number", () => new Number(5)],
    ["a boxed number that is none", () => new Number(NaN)],
    ["a toJSON that gives a text", () => ({ toJSON: () => "text" })],
    ["a toJSON that gives null", () => ({ toJSON: () => null })],
    ["a toJSON that gives undefined", () => ({ toJSON: () => undefined })],
  ];

  test.each(values)("%s", async (_, make) => {
    const { store, log } = countedStore();
    const { operations, result } = await log.during(() =>
      store.put(NS, "k", make() as Record<string, unknown>).catch((error: unknown) => error),
    );
    expect(operations).toEqual([]);
    expect(result).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining('key "k"') });
  });
});

describe("what JSON would leave out or replace is refused, with its path", () => {
  const itself: Record<string, unknown> = {};
  itself.self = { itself };
  const values: [string, Record<string, unknown>, string][] = [
    ["a function", { a: { f: () => 1 } }, "at a.f"],
    ["a function in a list", { a: [() => 1] }, "at a[0]"],
    ["a symbol", { s: Symbol("s") }, "at s"],
    ["what contains itself", itself, "at self.itself"],
    ["a BigInt", { n: 1n }, "at n"],
  ];

  test.each(values)("%s", async (_, value, path) => {
    const { store, log } = countedStore();
    const { operations, result } = await log.during(() => store.put(NS, "k", value).catch((error: unknown) => error));
    expect(operations).toEqual([]);
    expect(result).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining(path) });
  });
});

test("bytes within a value come back as they were, and take what their text in Base64 takes", async () => {
  const { store, log } = countedStore({ compression: "none" });
  const bytes = noise(30_000);
  const value = { of: { file: bytes }, empty: new Uint8Array(), alike: { lc: 2, type: "bytes", value: "AA==" } };
  const { bytesSent } = await log.during(() => store.put(NS, "k", value));

  expect((await store.get(NS, "k"))?.value).toEqual(value);
  // In Base64 once more, as DynamoDB's protocol has bytes.
  expect(bytesSent).toBeLessThan(60_000);
});

test("what JSON has no place for but a record has comes back as it was", async () => {
  const store = createStore();
  const value = { map: new Map([["a", { b: 1 }]]), set: new Set([1]), none: undefined, nan: NaN, pattern: /a/g };
  await store.put(NS, "k", value);
  expect((await store.get(NS, "k"))?.value).toEqual(value);
});
