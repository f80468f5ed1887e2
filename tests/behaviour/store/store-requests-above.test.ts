import { describe, expect, test } from "vitest";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { countedStore, createStore, type StoreOptions } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/* What operations above many namespaces may send, whose values or vectors lie in segments. */

const DIMS = 400;
const index = { dims: DIMS, embeddings: new LettersEmbeddings(DIMS), fields: ["text"] };
const NAMESPACES = Array.from({ length: 30 }, (_, i) => ["users", String(i)]);

/** An item in each namespace, and a new store. */
async function filled(options: Partial<StoreOptions>, value: Record<string, unknown>): Promise<typeof countedStore> {
  const keyPrefix = newPrefix();
  await createStore({ ...options, keyPrefix }).batch(
    NAMESPACES.map((namespace, i) => ({ namespace, key: "k", value: { ...value, i } })),
  );
  return (more) => countedStore({ ...options, keyPrefix, ...more });
}

const counted = (operations: string[]): Record<string, number> =>
  Object.fromEntries([...new Set(operations)].map((one) => [one, operations.filter((other) => other === one).length]));

describe("of values that are apart", () => {
  const options = { compression: "none" } as const;
  const value = { text: "ab", long: "x".repeat(70_000) };

  test("many gets in a batch send one request for the items and one for what they are made of", async () => {
    const { store, log } = (await filled(options, value))();
    const { result, operations } = await log.during(() =>
      store.batch(NAMESPACES.map((namespace) => ({ namespace, key: "k" }))),
    );
    expect(result.map((item) => item?.value.i as number)).toEqual(NAMESPACES.map((_, i) => i));
    expect(counted(operations)).toEqual({ BatchGetItem: 2 });
  });

  test("a search of ten reads ten namespaces, their items, and what these are made of", async () => {
    const { store, log } = (await filled(options, value))();
    const { result, operations } = await log.during(() => store.search(["users"]));
    expect(result.map(({ namespace }) => namespace)).toEqual(NAMESPACES.slice(0, 10));
    expect(counted(operations)).toEqual({ Query: 12, BatchGetItem: 2 });
  });
});

describe("of vectors that are apart", () => {
  test("a search by meaning reads each namespace once, and a hundred items and their vectors by two", async () => {
    const { store, log } = (await filled({ index, compression: "none" }, { text: "ab" }))();
    const { result, operations } = await log.during(() => store.search(["users"], { query: "ab", limit: 10 }));
    expect(result).toHaveLength(10);
    expect(counted(operations)).toEqual({ Query: 32, BatchGetItem: 2 });
  });

  test("a search by meaning takes 1 read unit for 1,024 numbers, and reads sketches beside the registry", async () => {
    // Texts are seeds of vectors of length 1, of numbers that look random.
    const vectorOf = (text: string): number[] => {
      let state = Number(text) * 7_919 + 1;
      const numbers = Array.from({ length: 1_024 }, () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return state / 2 ** 31;
      });
      const length = Math.hypot(...numbers);
      return numbers.map((number) => number / length);
    };
    const embeddings = {
      embedQuery: async (text: string) => vectorOf(text),
      embedDocuments: async (texts: string[]) => texts.map(vectorOf),
    };
    const options = {
      keyPrefix: newPrefix(),
      index: { dims: 1_024, embeddings: embeddings as never, fields: ["text"] },
      compression: "none" as const,
    } satisfies Partial<StoreOptions>;
    const items = Array.from({ length: 100 }, (_, i) => ({
      namespace: ["memories", "ada"],
      key: String(i),
      value: { text: String(i) },
    }));
    await createStore(options).batch(items);
    const { store, log } = countedStore(options);
    const found = await log.during(() => store.search(["memories", "ada"], { query: "42", limit: 10 }));
    expect(found.result[0]).toMatchObject({ key: "42", score: expect.closeTo(1, 6) });
    expect(counted(found.operations)).toEqual({ Query: 2, BatchGetItem: 2 });
    expect(found.roundTrips).toBe(3);
    // 100 items, their vectors, 22 KB of sketches and a row.
    expect(found.readUnits).toBeLessThanOrEqual(100 + 100 + 6 + 1);
  });
});
