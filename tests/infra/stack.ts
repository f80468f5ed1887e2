import { emptyCheckpoint, type CacheFullKey } from "@langchain/langgraph-checkpoint";
import type { DynamoDBSaver, DynamoDBStore, Fetch } from "langgraph-checkpoint-dynamodb";
import { expect } from "vitest";
import {
  collect,
  emptyThread,
  latestOf,
  noise,
  noiseText,
  putChain,
  putStep,
  threadIdOf,
} from "../lanes/savers/checkpoints.js";
import { readStack, type Properties } from "../lanes/stored/cloudformation.js";
import { iamActionsOf, leadingKeysOf } from "../lanes/stored/iam-actions.js";
import { LettersEmbeddings } from "../lanes/savers/letters-embeddings.js";
import { at, createCache, createStore, type StoreOptions } from "../lanes/savers/stores.js";

export const template = new URL("../../infra/cloudformation.yaml", import.meta.url);

export const tableName = `infra-${crypto.randomUUID()}`;

export const stack = readStack(template, { TableName: tableName, WithBucket: "true", ObjectExpiryDays: "11" });

/** What ObjectExpiryDays is worked out from: 1.5 times that, rounded up. */
export const week = 7 * 86_400;

/** Every method of the saver, in every way that sends a request of its own kind. */
export async function useEverything(newSaver: () => DynamoDBSaver): Promise<void> {
  const saver = newSaver();
  const large = noise(60_000);
  const first = await putStep(saver, emptyThread(), { a: large, b: noise(60_000, 2) });
  await saver.putWrites(
    first.config,
    [
      ["a", "x"],
      ["b", noise(3_000)],
    ],
    "task",
  );
  const steps = await putChain(saver, first, [{ c: 1 }, { a: noise(3_000, 3) }]);
  // Another instance has nothing cached: it reads the segments, and the parent before it puts.
  const cold = newSaver();
  expect((await cold.getTuple(latestOf(first)))?.checkpoint.channel_values.a).toEqual(noise(3_000, 3));
  await putStep(newSaver(), steps.at(-1)!, { c: 2 });
  expect(await collect(newSaver().list(latestOf(first)))).toHaveLength(4);
  expect(await collect(newSaver().list({}))).toHaveLength(4);
  await saver.getDeltaChannelHistory({ config: steps.at(-1)!.config, channels: ["c"] });
  await saver.put(
    { configurable: { thread_id: "other" } },
    emptyCheckpoint(),
    { source: "input", step: -1, parents: {} },
    {},
  );
  await saver.deleteThread(threadIdOf(first));
  await saver.deleteThread("other");
  expect(await newSaver().getTuple(latestOf(first))).toBeUndefined();
}

/** Every method of the store and of the cache, in every way that sends a request of its own kind. */
export async function useStoreAndCache({ ttl, ...options }: Partial<StoreOptions>): Promise<void> {
  const index = { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] };
  const newStore = (): DynamoDBStore => createStore({ ...options, ttl: { refreshOnRead: true, ...ttl }, index });
  const places = ["1", "2", "3"].map((key) => ({ namespace: ["users", "ada", "notes"], key }));
  await newStore().batch(
    places.map((place, i) => ({ ...place, value: { text: "abc", large: noiseText(i * 100_000) } })),
  );
  await newStore().put(["users", "ada", "notes"], "1", { text: "d", large: noiseText(90_000) }, undefined, {
    ttlSeconds: week,
  });
  expect((await newStore().batch(places)).map((item) => item?.key)).toEqual(["1", "2", "3"]);
  expect(await newStore().get(places[2]!.namespace, "3")).toMatchObject({ value: { text: "abc" } });
  for (const prefix of [[], ["users"]]) expect(await newStore().search(prefix, { query: "abc" })).toHaveLength(3);
  expect(await newStore().listNamespaces()).toHaveLength(1);
  for (const { namespace, key } of places) await newStore().delete(namespace, key);
  expect(await newStore().listNamespaces()).toEqual([]);
  // Once nobody relies on its row any more, who meets it removes it.
  expect(await at(7_200, () => newStore().listNamespaces())).toEqual([]);
  const cache = createCache({ ...options, ttlSeconds: ttl?.defaultTtlSeconds });
  const keys = places.map(({ namespace, key }): CacheFullKey => [namespace, key]);
  await cache.set(keys.map((key) => ({ key, value: noiseText(100_000) })));
  expect(await cache.get(keys)).toHaveLength(3);
  await cache.clear([]);
  expect(await cache.get(keys)).toEqual([]);
}

/** A `fetch` that notes what IAM would check. */
export function recorder(): { fetch: Fetch; actions: Set<string>; leadingKeys: Set<string> } {
  const actions = new Set<string>();
  const leadingKeys = new Set<string>();
  return {
    actions,
    leadingKeys,
    fetch: (url, init) => {
      const seen = iamActionsOf(url, init);
      for (const action of seen) actions.add(action);
      if (seen[0]!.startsWith("dynamodb:")) {
        for (const key of leadingKeysOf(JSON.parse(new TextDecoder().decode(init.body as Uint8Array))))
          leadingKeys.add(key);
      }
      return fetch(url, init);
    },
  };
}

export function statementsOf(policy: string): Properties[] {
  return stack.resources[policy]!.Properties.PolicyDocument.Statement as Properties[];
}

/** What a policy allows, sorted. */
export function actionsOf(policy: string, service = ""): string[] {
  const actions = statementsOf(policy).flatMap(({ Action }) => Action as string[]);
  return actions.filter((action) => action.startsWith(service)).sort();
}
