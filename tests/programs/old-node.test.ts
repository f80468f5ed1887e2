import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ensureBuilt } from "../../scripts/lib/testing/package-build.js";

/* Runtimes whose AsyncLocalStorage cannot be asked for, as this Node can pretend to be them. */

const asking = (langGraph: string, isBehindAwait: boolean): string => `
const { provideContext } = await import("./dist/context.js");
provideContext();
const { Annotation, interrupt, START, StateGraph } = await import("${langGraph}");
const graph = new StateGraph(Annotation.Root({ answer: Annotation() }))
  .addNode("ask", async () => {
    ${isBehindAwait ? "await new Promise((resolve) => setTimeout(resolve, 1));" : ""}
    return { answer: interrupt("Really?") };
  })
  .addEdge(START, "ask")
  .compile({ checkpointer: new (await import("${langGraph}")).MemorySaver() });
const { __interrupt__: asked } = await graph.invoke({}, { configurable: { thread_id: "1" } });
console.log(asked[0].value);
`;

/** What a program prints that runs after what makes this Node another runtime. */
async function printed(before: string, program: string): Promise<string> {
  ensureBuilt();
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", before + program], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
  return stdout;
}

test("provideContext before LangGraph is loaded leaves LangGraph its context in an old Node", async () => {
  expect(await printed("process.getBuiltinModule = undefined;", asking("@langchain/langgraph", true))).toBe(
    "Really?\n",
  );
});

test("provideContext works where it may not look at process, and takes a global AsyncLocalStorage", async () => {
  const throwing =
    'Object.defineProperty(process, "getBuiltinModule", { get() { throw new Error("not supported"); } });';
  const global = 'globalThis.AsyncLocalStorage = (await import("node:async_hooks")).AsyncLocalStorage;';

  expect(
    await Promise.all([
      printed(throwing, asking("@langchain/langgraph/web", false)),
      printed(global + throwing, asking("@langchain/langgraph/web", true)),
    ]),
  ).toEqual(["Really?\n", "Really?\n"]);
});
