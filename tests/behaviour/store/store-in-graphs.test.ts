import { BaseStore } from "@langchain/langgraph-checkpoint";
import { Annotation, END, START, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { createSaver } from "../../lanes/savers/harness.js";
import { LettersEmbeddings } from "../../lanes/savers/letters-embeddings.js";
import { newPrefix } from "../../lanes/stored/requests.js";
import { createStore } from "../../lanes/savers/stores.js";

/** What LangGraph's documentation shows with a store, on ours and beside the saver, in one table. */

const State = Annotation.Root({ said: Annotation<string>, answer: Annotation<string> });

const memoriesOf = (config: LangGraphRunnableConfig): string[] => ["memories", config.configurable!.user_id as string];

function buildAgent(keyPrefix: string, store: BaseStore) {
  return new StateGraph(State)
    .addNode("remember", async ({ said }, config: LangGraphRunnableConfig) => {
      await config.store!.put(memoriesOf(config), crypto.randomUUID(), { text: said });
      return {};
    })
    .addNode("recall", async ({ said }, config: LangGraphRunnableConfig) => {
      const memories = await config.store!.search(memoriesOf(config), { query: said, limit: 3 });
      return { answer: memories.map(({ value }) => value.text as string).join(", ") };
    })
    .addEdge(START, "remember")
    .addEdge("remember", "recall")
    .addEdge("recall", END)
    .compile({ checkpointer: createSaver({ keyPrefix }), store });
}

const say = async (
  keyPrefix: string,
  store: BaseStore,
  thread_id: string,
  user_id: string,
  said: string,
): Promise<string> =>
  (
    (await buildAgent(keyPrefix, store).invoke({ said }, { configurable: { thread_id, user_id } })) as {
      answer: string;
    }
  ).answer;

describe("a graph's nodes", () => {
  test("remember a user across two threads and two instances, and not another one", async () => {
    const keyPrefix = newPrefix();
    await say(keyPrefix, createStore({ keyPrefix }), "thread 1", "ada", "likes tea");
    await say(keyPrefix, createStore({ keyPrefix }), "thread 1", "bob", "likes coffee");

    expect(await say(keyPrefix, createStore({ keyPrefix }), "thread 2", "ada", "is back")).toBe("likes tea, is back");
    expect(await say(keyPrefix, createStore({ keyPrefix }), "thread 3", "bob", "is here")).toBe(
      "likes coffee, is here",
    );
    expect((await createStore({ keyPrefix }).listNamespaces({ prefix: ["memories"] })).sort()).toEqual([
      ["memories", "ada"],
      ["memories", "bob"],
    ]);
  });

  test("find the nearest memories with an index", async () => {
    const keyPrefix = newPrefix();
    const store = createStore({ keyPrefix, index: { dims: 8, embeddings: new LettersEmbeddings(), fields: ["text"] } });
    for (const said of ["fff", "hhh", "ab ab", "gg"]) await say(keyPrefix, store, "thread 1", "ada", said);

    expect((await say(keyPrefix, store, "thread 2", "ada", "abc")).split(", ").slice(0, 2)).toEqual(["abc", "ab ab"]);
  });

  test(
    "use the saver's table without meeting what it keeps: deleting a thread leaves memories, and there is no " +
      "thread of theirs",
    async () => {
      const keyPrefix = newPrefix();
      const store = createStore({ keyPrefix });
      const saver = createSaver({ keyPrefix });
      await say(keyPrefix, store, "thread", "ada", "likes tea");
      const threads: string[] = [];
      for await (const { threadId } of saver.listThreads()) threads.push(threadId);
      await saver.deleteThread("thread");

      expect(threads).toEqual(["thread"]);
      expect(await store.search(["memories", "ada"])).toHaveLength(1);
    },
  );
});

test("a node is refused the labels that no store of LangGraph takes, whoever checks them first", async () => {
  const store = createStore();
  const keep = (namespace: string[]): Promise<unknown> =>
    new StateGraph(State)
      .addNode("keep", async (_state, config: LangGraphRunnableConfig) => {
        await config.store!.put(namespace, "k", {});
        return {};
      })
      .addEdge(START, "keep")
      .addEdge("keep", END)
      .compile({ store })
      .invoke({});

  await expect(keep(["a:b"])).rejects.toThrow(/colon/);
  await expect(keep(["a.b"])).rejects.toThrow(/period/);
  await expect(keep(["a", "\u0000"])).rejects.toThrow(/NUL/);
  await expect(keep(["langgraph"])).rejects.toThrow(/langgraph/);
  expect(await store.search([])).toEqual([]);
});
