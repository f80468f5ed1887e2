import {
  Annotation,
  Command,
  interrupt,
  MemorySaver,
  START,
  StateGraph,
  type LangGraphRunnableConfig,
} from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { Client } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hosts, type Host } from "../lanes/server/hosts.js";

/* A graph of the server as a part of another graph, which runs elsewhere and has another checkpointer. */

const Log = Annotation.Root({ log: Annotation<string[]>, answer: Annotation<string> });

/** The names of a namespace, without the ids of its tasks. */
const names = (namespace: string[]): string => namespace.map((part) => part.split(":")[0]).join("/");

describe.each(hosts)("in %s", (_name, start) => {
  let host: Host;
  let client: Client;
  let remote: RemoteGraph;

  beforeAll(async () => {
    host = await start();
    client = new Client({ apiUrl: host.url, apiKey: null });
    remote = new RemoteGraph({ graphId: "nested", url: host.url });
  });
  afterAll(() => host.close());

  async function newThread() {
    const { thread_id } = await client.threads.create();
    return { configurable: { thread_id } };
  }

  test("as a node, it streams what its own subgraphs do, and what it asks can be answered at once", async () => {
    const config = await newThread();
    const outer = new StateGraph(Log)
      .addNode("remote", remote)
      .addEdge(START, "remote")
      .compile({ checkpointer: new MemorySaver() });
    const parts: unknown[] = [];
    for await (const [namespace, update] of await outer.stream(
      { log: [] },
      { ...config, subgraphs: true, streamMode: "updates" },
    ))
      parts.push([names(namespace), Object.keys(update)]);
    expect(parts).toEqual([
      ["remote", ["before"]],
      ["remote/inside", ["__interrupt__"]],
      ["", ["__interrupt__"]],
    ]);
    expect((await outer.getState(config)).tasks).toMatchObject([
      { name: "remote", interrupts: [{ value: "Really?" }] },
    ]);
    expect(await remote.invoke(new Command({ resume: "yes" }), config)).toEqual({ log: ["before"], answer: "yes" });
  });

  test("the graph around it passes on what it asks, and the answer", async () => {
    const config = await newThread();
    // RemoteGraph gives its graph the node's input again where the graph around it is resumed: so its node asks.
    const ask = async (state: typeof Log.State, own: LangGraphRunnableConfig): Promise<typeof Log.Update> => {
      const { tasks } = await remote.getState(config);
      const [asked] = tasks.flatMap(({ interrupts }) => interrupts);
      return remote.invoke(asked ? new Command({ resume: interrupt(asked.value) }) : state, own);
    };
    const outer = new StateGraph(Log)
      .addNode("remote", ask)
      .addEdge(START, "remote")
      .compile({ checkpointer: new MemorySaver() });
    expect(await outer.invoke({ log: [] }, config)).toMatchObject({ __interrupt__: [{ value: "Really?" }] });
    expect(await outer.invoke(new Command({ resume: "no" }), config)).toEqual({ log: ["before"], answer: "no" });
  });

  test("its state is read with that of its subgraphs, and at each step, and is changed", async () => {
    const config = await newThread();
    await expect(remote.invoke({ log: ["mine"] }, config)).rejects.toThrow();
    const asked = await remote.getState(config, { subgraphs: true });
    expect(asked).toMatchObject({
      values: { log: ["mine", "before"] },
      next: ["inside"],
      tasks: [{ name: "inside", interrupts: [{ value: "Really?" }], state: { next: ["ask"] } }],
    });
    const history = [];
    for await (const one of remote.getStateHistory(config)) history.push(one.next);
    expect(history).toEqual([["inside"], ["before"], ["__start__"]]);

    const updated = await remote.updateState(config, { log: ["by hand"] }, "inside");
    const then = await remote.getState(updated);
    expect(then).toMatchObject({ values: { log: ["mine", "before", "by hand"] }, next: [] });
    expect(then.parentConfig?.configurable?.checkpoint_id).toBe(asked.config.configurable?.checkpoint_id);
  });
});
