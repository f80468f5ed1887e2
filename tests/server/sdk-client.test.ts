import { HumanMessage } from "@langchain/core/messages";
import { Command, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { Client } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hosts, type Host } from "../lanes/server/hosts.js";
import { human } from "../lanes/server/served.js";

/* LangGraph's published client, as it is. */

describe.each(hosts)("in %s", (_name, start) => {
  let host: Host;
  let client: Client;

  beforeAll(async () => {
    host = await start();
    client = new Client({ apiUrl: host.url, apiKey: null, callerOptions: { maxRetries: 0 } });
  });
  afterAll(() => host.close());

  test("threads: create, get, update, search, count, copy, delete", async () => {
    const { thread_id } = await client.threads.create({ metadata: { topic: "tea" }, graphId: "chat" });
    expect(await client.threads.get(thread_id)).toMatchObject({ metadata: { topic: "tea", graph_id: "chat" } });
    expect(await client.threads.update(thread_id, { metadata: { mood: "good" } })).toMatchObject({
      metadata: { topic: "tea", mood: "good" },
    });
    expect(await client.threads.search({ metadata: { mood: "good" } })).toMatchObject([{ thread_id }]);
    expect(await client.threads.count({ metadata: { mood: "good" } })).toBe(1);
    const copy = await client.threads.copy(thread_id);
    expect(copy.thread_id).not.toBe(thread_id);
    await client.threads.delete(thread_id);
    await expect(client.threads.get(thread_id)).rejects.toThrow(/404.*no such thread/);
    await expect(client.threads.create({ threadId: copy.thread_id })).rejects.toThrow(/409/);
    expect(await client.threads.create({ threadId: copy.thread_id, ifExists: "do_nothing" })).toMatchObject({
      thread_id: copy.thread_id,
    });
  });

  test("runs: stream, wait, create, join, list, get, cancel, delete", async () => {
    const { thread_id } = await client.threads.create();
    const created: unknown[] = [];
    const events: string[] = [];
    for await (const { event } of client.runs.stream(thread_id, "chat", {
      input: human("Hi"),
      streamMode: ["values", "messages-tuple", "updates"],
      onRunCreated: (run) => created.push(run),
    }))
      events.push(event);
    expect(events).toEqual(["metadata", "values", "messages", "updates", "values", "end"]);
    expect(await client.runs.wait(thread_id, "chat", { input: human("Again") })).toMatchObject({
      messages: [{ type: "human" }, { type: "ai" }, { type: "human" }, { type: "ai", content: "You said Again." }],
    });
    await expect(client.runs.wait(null, "fails", { input: {} })).rejects.toThrow("RangeError: It is too far.");

    const { gate } = host;
    const run = await client.runs.create(thread_id, "steps", { input: {} });
    await gate.arrival();
    await expect(client.runs.wait(thread_id, "chat", { input: human("No") })).rejects.toThrow(/422/);
    const joined = client.runs.join(thread_id, run.run_id);
    gate.open();
    expect(await joined).toMatchObject({ log: ["first", "second"] });

    const second = await client.runs.create(thread_id, "steps", { input: {} });
    await gate.arrival();
    await client.runs.cancel(thread_id, second.run_id, true);
    gate.open();
    expect(await client.runs.get(thread_id, second.run_id)).toMatchObject({ status: "interrupted" });
    expect((await client.runs.list(thread_id)).map(({ run_id }) => run_id).slice(0, 2)).toEqual([
      second.run_id,
      run.run_id,
    ]);
    expect(created).toEqual([{ thread_id, run_id: (await client.runs.list(thread_id)).at(-1)!.run_id }]);
    await client.runs.delete(thread_id, second.run_id);
    expect((await client.runs.list(thread_id)).map(({ run_id }) => run_id)).not.toContain(second.run_id);
  });

  test("an interrupt is answered, and history leads to another answer", async () => {
    const { thread_id } = await client.threads.create();
    const updates: unknown[] = [];
    for await (const { event, data } of client.runs.stream(thread_id, "ask", { input: {}, streamMode: "updates" }))
      if (event === "updates") updates.push(data);
    expect(updates).toMatchObject([{ __interrupt__: [{ value: "Really?" }] }]);
    const asked = await client.threads.getState(thread_id);
    expect(asked.tasks).toMatchObject([{ name: "ask", interrupts: [{ value: "Really?" }] }]);
    expect(await client.runs.wait(thread_id, "ask", { command: { resume: "yes" } })).toMatchObject({
      log: ["answered yes", "after"],
    });
    const history = await client.threads.getHistory(thread_id);
    const before = history.find(({ next }) => next[0] === "ask")!;
    expect(before.checkpoint.checkpoint_id).toBe(asked.checkpoint.checkpoint_id);
    expect(await client.threads.getState(thread_id, before.checkpoint)).toMatchObject({ next: ["ask"] });
    const updated = await client.threads.updateState(thread_id, { values: { log: ["by hand"] }, asNode: "after" });
    expect(updated).toMatchObject({ checkpoint: { thread_id } });
    expect(await client.threads.getState(thread_id)).toMatchObject({
      values: { log: ["answered yes", "after", "by hand"] },
    });
  });

  test("a stock client joins a resumable run again when its connection breaks", async () => {
    const { thread_id } = await client.threads.create();
    const { gate } = host;
    let isBroken = false;
    const fragile = new Client({
      apiUrl: host.url,
      apiKey: null,
      callerOptions: {
        fetch: async (input: string | URL | Request, init?: RequestInit) => {
          const response = await fetch(input, init);
          if (isBroken || !response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
          isBroken = true;
          const reader = response.body!.getReader();
          const body = new ReadableStream<Uint8Array>({
            async pull(controller) {
              const { done, value } = await reader.read();
              if (done) return controller.close();
              controller.enqueue(value);
              if (!new TextDecoder().decode(value).includes("event: updates")) return;
              controller.error(new TypeError("network error"));
              await reader.cancel();
              gate.open();
            },
          });
          return new Response(body, { status: response.status, headers: response.headers });
        },
      },
    });
    const updates: unknown[] = [];
    for await (const { event, data } of fragile.runs.stream(thread_id, "steps", {
      input: {},
      streamMode: "updates",
      streamResumable: true,
    }))
      if (event === "updates") updates.push(data);
    expect(isBroken).toBe(true);
    expect(updates).toEqual([{ first: { log: ["first"] } }, { second: { log: ["second"] } }]);
  });

  test("the store: put, get, search, namespaces, delete", async () => {
    await client.store.putItem(["users", "ada"], "k", { likes: "tea" });
    expect(await client.store.getItem(["users", "ada"], "k")).toMatchObject({ value: { likes: "tea" } });
    expect((await client.store.searchItems(["users"])).items).toMatchObject([{ key: "k" }]);
    expect(await client.store.listNamespaces({ prefix: ["users"] })).toMatchObject({ namespaces: [["users", "ada"]] });
    await client.store.deleteItem(["users", "ada"], "k");
    await expect(client.store.getItem(["users", "ada"], "k")).rejects.toThrow(/404/);
  });

  test("assistants: search, get, graph, schemas, subgraphs", async () => {
    const [chat] = await client.assistants.search({ graphId: "chat" });
    expect(await client.assistants.get(chat!.assistant_id)).toMatchObject({ graph_id: "chat" });
    expect(await client.assistants.getGraph("chat")).toHaveProperty("nodes");
    expect(await client.assistants.getSchemas("chat")).toHaveProperty("input_schema");
    expect(await client.assistants.getSubgraphs("chat")).toEqual({});
  });

  test("RemoteGraph is invoked, streamed, asked for its state, and is a node of another graph", async () => {
    const remote = new RemoteGraph({ graphId: "chat", url: host.url });
    const { thread_id } = await client.threads.create();
    const config = { configurable: { thread_id } };
    expect(await remote.invoke(human("Hi"), config)).toMatchObject({ messages: [{}, { content: "You said Hi." }] });
    const modes: unknown[] = [];
    for await (const [mode] of await remote.stream(human("Two"), { ...config, streamMode: ["values", "messages"] }))
      modes.push(mode);
    expect(modes).toEqual(expect.arrayContaining(["values"]));
    const state = await remote.getState(config);
    expect(state.values).toMatchObject({ messages: [{}, {}, {}, {}] });
    expect(await remote.getState({ configurable: { ...state.config.configurable } })).toMatchObject({ next: [] });
    const history = [];
    for await (const one of remote.getStateHistory(config)) history.push(one);
    expect(history.length).toBe(6);

    const outer = new StateGraph(MessagesAnnotation).addNode("remote", remote).addEdge(START, "remote").compile();
    const { messages } = await outer.invoke({ messages: [new HumanMessage("Inside")] });
    expect(messages.at(-1)?.text).toBe("You said Inside.");
  });

  test("RemoteGraph takes a command for an answer", async () => {
    const remote = new RemoteGraph({ graphId: "ask", url: host.url });
    const { thread_id } = await client.threads.create();
    const config = { configurable: { thread_id } };
    await expect(remote.invoke({}, config)).rejects.toThrow();
    expect(await remote.invoke(new Command({ resume: "yes" }), config)).toEqual({ log: ["answered yes", "after"] });
  });
});
