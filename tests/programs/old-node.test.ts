import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ensureBuilt } from "../../scripts/lib/testing/package-build.js";

/* Node before 20.16, whose AsyncLocalStorage cannot be asked for, as this Node can pretend to be it. */

const program = `
process.getBuiltinModule = undefined;
const { provideContext } = await import("./dist/context.js");
provideContext();
const { Annotation, interrupt, START, StateGraph } = await import("@langchain/langgraph");
const graph = new StateGraph(Annotation.Root({ answer: Annotation() }))
  .addNode("ask", async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return { answer: interrupt("Really?") };
  })
  .addEdge(START, "ask")
  .compile({ checkpointer: new (await import("@langchain/langgraph")).MemorySaver() });
const { __interrupt__: asked } = await graph.invoke({}, { configurable: { thread_id: "1" } });
console.log(asked[0].value);
`;

test("provideContext before LangGraph is loaded does not take LangGraph's own context away", async () => {
  ensureBuilt();
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });

  expect(stdout).toBe("Really?\n");
});
