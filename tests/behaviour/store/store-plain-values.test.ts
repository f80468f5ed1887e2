import { describe, expect, test } from "vitest";
import { noise } from "../../lanes/savers/checkpoints.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
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
    ["a getter that throws", { a: { get b() { throw new Error("secret"); } } }, "at a.b"],
    ["a toJSON that throws", { a: [{ toJSON() { throw new Error("secret"); } }] }, "at a[0]"],
    ["a proxy that was revoked", { a: { p: revoked() } }, "at a.p"],
    ["a proxy that was revoked, as all of the value", revoked(), 'key "k"'],
    ["an invalid Date", { at: new Date(NaN) }, "at at"],
    ["too many levels", nested(1_500), "levels"],
  ]; // prettier-ignore

  for (const index of [undefined, { dims: 8, embeddings: new LettersEmbeddings() }])
    test.each(values)(`${index ? "with an index" : "without an index"}: %s`, async (_, value, path) => {
      const { store, log } = countedStore({ index });
      const { operations, result } = await log.during(() => store.put(NS, "k", value).catch((error: unknown) => error));
      expect(operations).toEqual([]);
      expect(result).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining(path) });
      expect((result as Error).message).not.toContain("secret");
    });
});

function revoked(): Record<string, unknown> {
  const { proxy, revoke } = Proxy.revocable<Record<string, unknown>>({}, {});
  revoke();
  return proxy;
}

function nested(levels: number): Record<string, unknown> {
  let value: Record<string, unknown> = {};
  for (let level = 1; level < levels; level++) value = { value };
  return value;
}

test("what an index path cannot read is refused, with the path and without what was thrown", async () => {
  class Memory {
    get text(): string {
      throw new Error("secret");
    }
  }
  const index = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["memory.text"] };
  const { store, log } = countedStore({ index });
  const { operations, result } = await log.during(() =>
    store.put(NS, "k", { memory: new Memory() }).catch((error: unknown) => error),
  );
  expect(operations).toEqual([]);
  expect(result).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining('"memory.text"') });
  expect((result as Error).message).not.toContain("secret");
});

test("an operation that cannot be read is refused, and the others of its batch are done", async () => {
  const { store } = countedStore();
  const good = { namespace: NS, key: "good", value: { n: 1 } };
  const bad = { namespacePrefix: NS, filter: { get a(): never { throw new Error("secret"); } } }; // prettier-ignore
  const error: unknown = await store.batch([bad, good]).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "INVALID_INPUT", message: expect.not.stringContaining("secret") });
  expect((await store.get(NS, "good"))?.value).toEqual({ n: 1 });
});

test.each([true, false])(
  "a getter is asked once for what is stored and what is embedded (index: %s)",
  async (isIndexed) => {
    const embeddings = new LettersEmbeddings();
    const { store } = countedStore(isIndexed ? { index: { dims: 8, embeddings } } : {});
    const words = ["cab", "head"];
    const next = (): unknown => words.shift() ?? { lc: 2, type: "undefined" };
    const changing = { list: [Object.defineProperty({}, "text", { get: next, enumerable: true })] };
    await store.put(NS, "k", changing);
    expect((await store.get(NS, "k"))?.value).toEqual({ list: [{ text: "cab" }] });
    expect(embeddings.calls).toEqual(isIndexed ? [[JSON.stringify({ list: [{ text: "cab" }] }, null, 2)]] : []);
    expect(words).toEqual(["head"]);
  },
);

describe("a serde of one's own", () => {
  const packed = (text: string): Uint8Array => new TextEncoder().encode(btoa(text));
  const unpacked = (data: Uint8Array | string): unknown =>
    JSON.parse(atob(typeof data === "string" ? data : new TextDecoder().decode(data)));
  const serde = {
    dumpsTyped: async (value: unknown): Promise<[string, Uint8Array]> => ["json", packed(JSON.stringify(value))],
    loadsTyped: async (_type: string, data: Uint8Array | string): Promise<unknown> => unpacked(data),
  };

  test("can call json what does not look like it", async () => {
    const { store } = countedStore({ serde });
    await store.put(NS, "k", { a: 1 });
    expect((await store.get(NS, "k"))?.value).toEqual({ a: 1 });
  });

  test("is asked whether it gives an object back", async () => {
    const { store, log } = countedStore({ serde });
    const { operations, result } = await log.during(() =>
      store.put(NS, "k", new Date() as never).catch((error: unknown) => error),
    );
    expect(operations).toEqual([]);
    expect(result).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining("such as a Date") });
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
