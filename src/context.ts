/**
 * LangGraph's context where there is no `AsyncLocalStorage`: in pages, and in Workers without a flag.
 * @module
 */
import type { RunnableConfig } from "@langchain/core/runnables";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";

/** As much of `AsyncLocalStorage` as LangChain calls. */
interface ContextStorage {
  getStore(): unknown;
  run<T>(store: unknown, callback: () => T): T;
  enterWith(store: unknown): void;
}

/**
 * Keeps the context while a function runs, and not behind its first `await`. `run` restores what was there before any
 * other code gets its turn, so neither two requests nor two nodes ever see each other's.
 */
class SynchronousContext implements ContextStorage {
  #current: unknown;

  getStore(): unknown {
    return this.#current;
  }

  run<T>(store: unknown, callback: () => T): T {
    const previous = this.#current;
    this.#current = store;
    try {
      return callback();
    } finally {
      this.#current = previous;
    }
  }

  /** Does nothing: it would outlive the synchronous call, and so leak from one request into another. */
  enterWith(): void {}
}

/** As much of a runtime as is looked at. */
interface Globals {
  AsyncLocalStorage?: new () => ContextStorage;
  process?: {
    getBuiltinModule?(name: string): { AsyncLocalStorage: new () => ContextStorage } | undefined;
    versions?: { node?: string };
  };
}

/** The runtime's own: a global in Next.js's Edge Runtime, a module in Node, Deno, Bun and Workers with a flag. */
function asyncLocalStorage({ AsyncLocalStorage, process }: Globals): (new () => ContextStorage) | undefined {
  return AsyncLocalStorage ?? process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
}

/** A Node before 20.16 has no way to ask for its `AsyncLocalStorage`, and needs none: LangGraph brings it there. */
const isNode = ({ process }: Globals): boolean => process?.versions?.node !== undefined;

/** The context to give LangGraph; none where it brings its own. */
function contextClass(): (new () => ContextStorage) | undefined {
  const globals = globalThis as Globals;
  try {
    return asyncLocalStorage(globals) ?? (isNode(globals) ? undefined : SynchronousContext);
  } catch {
    // A runtime that forbids to look at `process`.
    return SynchronousContext;
  }
}

/**
 * Lets `interrupt()`, `getWriter()`, `getStore()` and the like find their run where LangGraph is built for the web: in
 * a page, and in a Worker. Call it once, at the top of a module. It changes nothing where LangGraph has its context
 * already, and calling it again changes nothing either.
 *
 * Where there is a global `AsyncLocalStorage`, or `process.getBuiltinModule` has one, LangGraph gets it, and all is as
 * in Node: Node 20.16 and newer, Deno, Bun, the Edge Runtime of Next.js, and a Worker with `nodejs_compat` and a
 * compatibility date that brings a global `process`.
 * Elsewhere LangGraph gets a context that ends at a node's first `await`; behind that, {@link runInContext} brings it
 * back. LangGraph keeps the first context that it is given. So in a Worker with `nodejs_als`, or with `nodejs_compat`
 * of an older date, import `@langchain/core/context` first: it finds the real one.
 *
 * @example
 * ```ts
 * import { Annotation, interrupt, START, StateGraph } from "@langchain/langgraph/web";
 * import { provideContext } from "langgraph-checkpoint-dynamodb/context";
 *
 * provideContext();
 *
 * const builder = new StateGraph(Annotation.Root({ answer: Annotation<string> }))
 *   .addNode("ask", () => ({ answer: interrupt<string, string>("Really?") }))
 *   .addEdge(START, "ask");
 * console.log(Object.keys(builder.nodes));
 * ```
 */
export function provideContext(): void {
  const Context = contextClass();
  // It keeps the first that it is given.
  if (Context) AsyncLocalStorageProviderSingleton.initializeGlobalInstance(new Context());
}

/**
 * Runs a function in the context of a node or a tool, also behind an `await` of it, in every runtime. Does what
 * {@link provideContext} does as well. A tool that is a class, a `DynamicStructuredTool` or a generator needs it from
 * its first line: LangChain awaits before it calls one.
 *
 * @param config what LangGraph gave the node or the tool: the second argument of a node and of the function of
 *   `tool()`, the third of `_call` in a class that extends `StructuredTool`, and of the `func` of a
 *   `DynamicStructuredTool`
 * @param callback calls `interrupt()` or the like before it awaits anything
 * @returns what `callback` returns; what it throws, `interrupt()`'s own error too, is thrown on
 *
 * @example
 * ```ts
 * import { interrupt, type LangGraphRunnableConfig } from "@langchain/langgraph/web";
 * import { runInContext } from "langgraph-checkpoint-dynamodb/context";
 *
 * export async function approve({ orderId }: { orderId: string }, config: LangGraphRunnableConfig) {
 *   const order = await (await fetch(`https://shop.example/orders/${orderId}`)).text();
 *   return { approved: runInContext(config, () => interrupt<string, boolean>(`Send ${order}?`)) };
 * }
 * ```
 */
export function runInContext<T>(config: RunnableConfig, callback: () => T): T {
  provideContext();
  return AsyncLocalStorageProviderSingleton.runWithConfig(config, callback);
}
