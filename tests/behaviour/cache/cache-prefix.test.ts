import { Annotation, START, StateGraph } from "@langchain/langgraph";
import type { CacheFullKey } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { createCache } from "../../lanes/savers/stores.js";
import { newPrefix } from "../../lanes/stored/requests.js";

/** Prefixes, of which some look like parts of the keys that others make. */
const PREFIXES = [
  "", "a", "a/", "a#", "a%23", "#", "#a/#", "a/#b/", "b", "/", "\ud800", "\ufffd", "é",
  "x".repeat(2_000), `${"x".repeat(2_000)}y`, `${"#".repeat(200)}1`, `${"#".repeat(200)}2`,
]; // prettier-ignore
const KEYS: CacheFullKey[] = [
  [[], ""],
  [["a"], "1"],
  [["a", "b"], "1"],
  [["b"], "a/#1"],
  [["n".repeat(2_000)], "k".repeat(2_000)],
];

test("caches with different prefixes share nothing, and clear deletes what its own has", async () => {
  const keyPrefix = newPrefix();
  const caches = PREFIXES.map((prefix) => createCache<string>({ keyPrefix, prefix }));
  const valuesOf = async (prefix: number): Promise<string[]> =>
    (await caches[prefix]!.get(KEYS)).map(({ value }) => value);
  for (const [p, cache] of caches.entries()) await cache.set(KEYS.map((key, k) => ({ key, value: `${p} ${k}` })));

  const wanted = PREFIXES.map((_, p) => KEYS.map((_, k) => `${p} ${k}`));
  expect(await Promise.all(PREFIXES.map((_, p) => valuesOf(p)))).toEqual(wanted);
  for (const [p, cache] of caches.entries()) {
    await cache.clear([["a"]]);
    expect(await valuesOf(p)).toEqual(wanted[p]!.filter((_, k) => k !== 1));
    await cache.clear([]);
    wanted[p] = [];
    expect(await Promise.all(PREFIXES.map((_, other) => valuesOf(other)))).toEqual(wanted);
  }
});

test("a cache without a prefix is one with an empty prefix", async () => {
  const keyPrefix = newPrefix();
  await createCache({ keyPrefix }).set([{ key: KEYS[1]!, value: 1 }]);

  expect(await createCache({ keyPrefix, prefix: "" }).get(KEYS)).toEqual([{ key: KEYS[1], value: 1 }]);
});

test("a prefix that is no text is refused", () => {
  expect(() => createCache({ prefix: 1 as never })).toThrow("prefix must be a string, not a number.");
  expect(() => createCache({ prefixes: "a" } as object)).toThrow(/There is no option "prefixes".*prefix\./);
});

test("two graphs with the same names of nodes have results of their own, each with a prefix", async () => {
  const keyPrefix = newPrefix();
  const runs: string[] = [];
  const State = Annotation.Root({ text: Annotation<string>, answer: Annotation<string> });
  const graph = (prefix: string): { invoke: (input: { text: string }) => Promise<unknown> } =>
    new StateGraph(State)
      .addNode("work", ({ text }) => (runs.push(prefix), { answer: `${prefix} ${text}` }), { cachePolicy: { ttl: 60 } })
      .addEdge(START, "work")
      .compile({ cache: createCache({ keyPrefix, prefix }) });

  for (const prefix of ["summarize", "translate", "summarize", "translate"]) {
    expect(await graph(prefix).invoke({ text: "it" })).toEqual({ text: "it", answer: `${prefix} it` });
  }
  expect(runs).toEqual(["summarize", "translate"]);
});
