import type { Item, Operation, SearchItem } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { MendedMemoryStore } from "../../lanes/savers/mended-memory-store.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { createStore } from "../../lanes/savers/stores.js";

/*
 * Random batches on DynamoDBStore and on LangGraph's InMemoryStore, and no difference in what they return. Every batch
 * goes through another instance or the same one, so what one has cached must not matter.
 */

// No label begins another: see MendedMemoryStore.
const label = fc.constantFrom("users", "ada", "Bob", "ümit", "Émile", "notes", "1", "2");
const labels = (minLength: number): fc.Arbitrary<string[]> => fc.array(label, { minLength, maxLength: 3 });
const key = fc.constantFrom("a", "b", "c", "#", "é/%", "10", "9");
const scalar = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("abc", "a", "bad cab", "", "7", "head"),
);
const value = fc.record(
  {
    n: scalar,
    status: fc.constantFrom("open", "done"),
    text: fc.string({ unit: fc.constantFrom("a", "b", "c", "d", "e", " "), maxLength: 12 }),
    tags: fc.array(fc.constantFrom("ab", "cd", "ee"), { maxLength: 3 }),
    parts: fc.array(fc.record({ text: fc.constantFrom("face", "deed", "bead") }), { maxLength: 3 }),
  },
  { requiredKeys: ["n"] },
);
const path = fc.constantFrom(
  "text",
  "tags[*]",
  "parts[*].text",
  "parts[0].text",
  "parts[-1]",
  "n",
  "$",
  "{text,n}",
  "*",
  "none",
  "parts",
);
const condition = fc.oneof(
  scalar,
  fc.dictionary(fc.constantFrom("$eq", "$ne", "$gt", "$gte", "$lt", "$lte"), scalar, { maxKeys: 2 }),
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $nin: fc.array(scalar, { maxLength: 3 }) }),
);
const filter = fc.dictionary(fc.constantFrom("n", "status", "text", "missing"), condition, { maxKeys: 2 });
const undefinable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const count = undefinable(fc.integer({ min: 0, max: 6 }));
const wildcards = fc.array(fc.oneof(label, fc.constant("*")), { minLength: 1, maxLength: 2 });

const put = fc.record({
  namespace: labels(1),
  key,
  value,
  index: fc.oneof(fc.constant(undefined), fc.constant(false as const), fc.array(path, { maxLength: 2 })),
});
const deletion = fc.record({ namespace: labels(1), key, value: fc.constant(null) });
const get = fc.record({ namespace: labels(1), key });
const search = fc.record({
  namespacePrefix: labels(0),
  filter: undefinable(filter),
  limit: count,
  offset: count,
  query: undefinable(fc.constantFrom("abc", "deed", "eee", "")),
});
const list = fc.record({
  matchConditions: undefinable(
    fc.array(fc.record({ matchType: fc.constantFrom("prefix" as const, "suffix" as const), path: wildcards }), {
      maxLength: 2,
    }),
  ),
  maxDepth: undefinable(fc.integer({ min: 1, max: 3 })),
  limit: count,
  offset: count,
});
const operation = fc.oneof(
  { weight: 6, arbitrary: put },
  { weight: 2, arbitrary: deletion },
  { weight: 2, arbitrary: get },
  { weight: 4, arbitrary: search },
  { weight: 2, arbitrary: list },
);
const batches = fc.array(
  fc.record({ operations: fc.array(operation, { minLength: 1, maxLength: 6 }), other: fc.boolean() }),
  { minLength: 1, maxLength: 10 },
);

const thorough = inject("effort") === "full";
const { seed } = inject("soak");

describe("any sequence of operations gives what it gives on InMemoryStore", () => {
  test.each([
    { name: "without an index", index: undefined, numRuns: thorough ? 15 : 8 },
    { name: "with an index of everything", index: {}, numRuns: thorough ? 10 : 4 },
    {
      name: "with an index of fields",
      index: { fields: ["text", "tags[*]", "parts[*].text"] },
      numRuns: thorough ? 15 : 8,
    },
  ])("$name", async ({ index, numRuns }) => {
    await fc.assert(
      fc.asyncProperty(batches, async (steps) => {
        const keyPrefix = newPrefix();
        const config = index && { index: { dims: 8, embeddings: new LettersEmbeddings(), ...index } };
        const newStore = (): ReturnType<typeof createStore> => createStore({ keyPrefix, ...config });
        const instances = [newStore(), newStore()] as const;
        const memory = new MendedMemoryStore(config);
        for (const { operations, other } of steps) {
          const expected = await memory.batch(operations as Operation[]);
          const actual = await instances[other ? 1 : 0].batch(operations as Operation[]);
          expect(comparable(actual)).toEqual(comparable(expected));
        }
      }),
      { seed, numRuns, endOnFailure: !thorough },
    );
  });
});

test("any filter finds what it finds on InMemoryStore", async () => {
  const values = [-3, -1, 0, 1, 3, 3, true, false, null, "", "a", "abc", "7", "head"];
  const puts = values.map((n, i) => ({
    namespace: ["users"],
    key: String(i),
    value: { n, text: values[(i * 5 + 2) % values.length], ...(i % 3 > 0 && { status: "open" }) },
  }));
  const [store, memory] = [createStore(), new MendedMemoryStore()];
  await Promise.all([store.batch(puts), memory.batch(puts)]);
  const filters = fc.sample(filter, { seed, numRuns: thorough ? 80 : 40 });
  const operators = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"].flatMap((operator) =>
    values.map((value) => ({ n: { [operator]: value } })),
  );
  const searches = [...operators, ...filters].map((one) => ({ namespacePrefix: ["users"], filter: one, limit: 20 }));
  const [actual, expected] = await Promise.all([store.batch(searches), memory.batch(searches)]);

  for (const [i, { filter: one }] of searches.entries())
    expect(keysOf(actual[i]), JSON.stringify(one)).toEqual(keysOf(expected[i]));
});

const keysOf = (found: SearchItem[] | undefined): string[] => found!.map(({ key: found }) => found);

/** Without the times, which differ, and with a copy of what InMemoryStore may still change. */
function comparable(results: unknown[]): unknown {
  return structuredClone(
    results.map((result) => (Array.isArray(result) ? result.map(withoutTimes) : withoutTimes(result))),
  );
}

function withoutTimes(result: unknown): unknown {
  if (Array.isArray(result) || typeof result !== "object" || result === null) return result;
  const { createdAt, updatedAt, ...rest } = result as Item & SearchItem;
  return { ...rest, score: rest.score ?? "none", hasTimes: createdAt instanceof Date && updatedAt instanceof Date };
}
