import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { AIMessage } from "@langchain/core/messages";
import { DynamicStructuredTool, StructuredTool, tool, type StructuredToolInterface } from "@langchain/core/tools";
import {
  Annotation,
  Command,
  interrupt,
  MessagesAnnotation,
  START,
  StateGraph,
  type LangGraphRunnableConfig,
} from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { provideContext, runInContext } from "langgraph-checkpoint-dynamodb/context";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createSaver } from "../../lanes/savers/harness.js";

provideContext();

/** Long enough for all others to get their turn. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * 10));

const thread = (thread_id: string) => ({ configurable: { thread_id } });
const State = Annotation.Root({
  id: Annotation<string>,
  answers: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

const empty = z.object({});
const named = { name: "ask", description: "asks", schema: empty };

/** LangChain awaits before `_call`, so the third argument is all that tells of the run. */
class AskingTool extends StructuredTool<typeof empty> {
  name = named.name;
  description = named.description;
  schema = empty;

  protected override async _call(_: object, _runManager: unknown, config: LangGraphRunnableConfig): Promise<string> {
    return runInContext(config, () => interrupt<string, string>("?"));
  }
}

/** Answers the one question of a node from a graph of its own, as another process would. */
async function answered(
  node: (state: typeof State.State, config: LangGraphRunnableConfig) => unknown,
): Promise<string[]> {
  const checkpointer = createSaver();
  const graph = () =>
    new StateGraph(State)
      .addNode("ask", node as () => object)
      .addEdge(START, "ask")
      .compile({ checkpointer });
  await graph().invoke({ id: "one" }, thread("t"));
  return (await graph().invoke(new Command({ resume: "yes" }), thread("t"))).answers;
}

describe("interrupt() finds its run", () => {
  test("before a node's first await", async () => {
    expect(await answered(async () => ({ answers: [interrupt("?")] }))).toEqual(["yes"]);
  });

  test("behind an await, by the node's config", async () => {
    const node = async (_: unknown, config: LangGraphRunnableConfig) => {
      await pause();
      return { answers: [runInContext(config, () => interrupt("?"))] };
    };
    expect(await answered(node)).toEqual(["yes"]);
  });

  test("in a subgraph that a node invokes behind an await with its config", async () => {
    const subgraph = new StateGraph(State)
      .addNode("inner", () => ({ answers: [interrupt<string, string>("?")] }))
      .addEdge(START, "inner")
      .compile();
    const node = async ({ id }: typeof State.State, config: LangGraphRunnableConfig) => {
      await pause();
      return { answers: (await subgraph.invoke({ id }, config)).answers };
    };
    expect(await answered(node)).toEqual(["yes"]);
  });

  test.each([
    ["in a tool, at once", tool(() => interrupt<string, string>("?"), named)],
    [
      "in a tool, behind an await, by its config",
      tool(async (_: object, config: LangGraphRunnableConfig) => {
        await pause();
        return runInContext(config, () => interrupt<string, string>("?"));
      }, named),
    ],
    ["in a tool that is a class, by its third argument", new AskingTool()],
    [
      "in a DynamicStructuredTool, by its third argument",
      new DynamicStructuredTool({
        ...named,
        func: async (_, _runManager, config) => runInContext(config!, () => interrupt<string, string>("?")),
      }),
    ],
    [
      "in a tool that is a generator, by its config",
      tool(async function* (_: object, config: LangGraphRunnableConfig) {
        yield "asks";
        return runInContext(config, () => interrupt<string, string>("?"));
      }, named),
    ],
  ] as [string, StructuredToolInterface][])("%s", async (_, asks) => {
    const checkpointer = createSaver();
    const tools = new ToolNode([asks]);
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("tools", tools)
      .addEdge(START, "tools")
      .compile({ checkpointer });
    const asking = new AIMessage({
      content: "",
      tool_calls: [{ id: "call", name: "ask", args: {}, type: "tool_call" }],
    });

    await graph.invoke({ messages: [asking] }, thread("t"));
    const { messages } = await graph.invoke(new Command({ resume: "yes" }), thread("t"));
    expect(messages.at(-1)?.text).toBe("yes");
  });
});

test("nodes and runs side by side each get their own questions and answers", async () => {
  const graph = new StateGraph(State)
    .addNode("early", ({ id }) => ({ answers: [`early ${id}: ${interrupt<string, string>(`early ${id}`)}`] }))
    .addNode("late", async ({ id }, config) => {
      await pause();
      return { answers: [`late ${id}: ${runInContext(config, () => interrupt<string, string>(`late ${id}`))}`] };
    })
    .addEdge(START, "early")
    .addEdge(START, "late")
    .compile({ checkpointer: createSaver() });
  const run = async (id: string): Promise<string[]> => {
    await graph.invoke({ id }, thread(id));
    const asked = (await graph.getState(thread(id))).tasks.flatMap(({ interrupts }) => interrupts) as {
      id: string;
      value: string;
    }[];
    await graph.invoke(
      new Command({ resume: Object.fromEntries(asked.map((question) => [question.id, `to ${question.value}`])) }),
      thread(id),
    );
    return (await graph.getState(thread(id))).values.answers.toSorted();
  };
  const ids = Array.from({ length: 10 }, (_, n) => `run ${n}`);

  expect(await Promise.all(ids.map(run))).toEqual(
    ids.map((id) => [`early ${id}: to early ${id}`, `late ${id}: to late ${id}`]),
  );
});

test("the context ends with the function, also when that throws or starts something that goes on", async () => {
  const current = (): unknown => AsyncLocalStorageProviderSingleton.getRunnableConfig();
  const one = thread("one");

  expect(runInContext(one, current)).toBe(one);
  expect(current()).toBeUndefined();
  expect(() =>
    runInContext(one, () => {
      throw new Error("asked");
    }),
  ).toThrow("asked");
  expect(current()).toBeUndefined();

  const nested = runInContext(one, () => [runInContext(thread("two"), current), current()]);
  expect(nested).toEqual([thread("two"), one]);

  const goesOn = runInContext(one, pause);
  expect(current()).toBeUndefined();
  await goesOn;
  expect(current()).toBeUndefined();
});

test("the first context that LangGraph has stays", () => {
  const before = AsyncLocalStorageProviderSingleton.getInstance();
  provideContext();
  runInContext(thread("one"), () => undefined);

  expect(AsyncLocalStorageProviderSingleton.getInstance()).toBe(before);
});
