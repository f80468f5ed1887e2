import { expect, test } from "vitest";
import { countedStore } from "../../lanes/savers/stores.js";

test("a search of more namespaces than it can hold finds the items of all, oldest first", async () => {
  const { store, log } = countedStore();
  const count = 80;
  // Escaped, a name has 60 KB, and the order of names is not that of age.
  const namespace = (i: number): string[] => [`${(i * 37) % count}`, "%".repeat(19_900)];
  await store.batch(Array.from({ length: count }, (_, i) => ({ namespace: namespace(i), key: "k", value: { i } })));

  const { result, operations } = await log.during(() => store.search([], { limit: 2 * count }));

  expect(result.map(({ value }) => value.i as number)).toEqual(Array.from({ length: count }, (_, i) => i));
  // 5 pages of the registry, three times, beside a request for each namespace.
  expect(operations.filter((operation) => operation === "Query").length).toBeLessThan(count + 20);
});
