import { Annotation, interrupt, START, StateGraph } from "@langchain/langgraph";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, inject, test } from "vitest";
import { serve } from "../../lanes/server/served.js";

provideContext();

/* Answers to the questions of two nodes, and what a thread says of those that wait. */

const Log = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});

const asking = (name: string) => () => ({ log: [`${name} ${interrupt<string, string>(`${name}?`)}`] });

interface Question {
  id: string;
  value: unknown;
}

/** A thread whose run has just asked. */
async function asked(second: "behind" | "beside") {
  const graph = new StateGraph(Log)
    .addNode("one", asking("one"))
    .addNode("two", asking("two"))
    .addEdge(START, "one")
    .addEdge(second === "behind" ? "one" : START, "two")
    .compile();
  const { json } = serve({ graphs: { agent: graph } });
  await json("POST", "/threads", { thread_id: "t" });
  const wait = (body: object) => json("POST", "/threads/t/runs/wait", { assistant_id: "agent", ...body });
  await wait({ input: {} });
  const questions = async (): Promise<Question[]> => {
    const { interrupts } = await json<{ interrupts: Record<string, Question[]> }>("GET", "/threads/t");
    return Object.values(interrupts).flat();
  };
  return { json, wait, questions };
}

test("an answer with a jump goes to its question, and plain answers go on from there", async () => {
  const { json, wait, questions } = await asked("behind");
  await wait({ command: { resume: "first", goto: "two" } });
  expect((await questions()).map(({ value }) => value)).toContain("two?");
  for (let answers = 0; (await questions()).length > 0 && answers < 4; answers++)
    await wait({ command: { resume: "next" } });
  const { values, next } = await json<{ values: { log: string[] }; next: string[] }>("GET", "/threads/t/state");
  expect(next).toEqual([]);
  expect(values.log.some((entry) => entry.startsWith("one "))).toBe(true);
  expect(values.log).toContain("two next");
});

test("of two questions asked side by side, a thread names the one that has no answer yet", async () => {
  const { json, wait, questions } = await asked("beside");
  const one = (await questions()).find(({ value }) => value === "one?")!;
  await wait({ command: { resume: { [one.id]: "yes" } } });
  // Before checkpoint 1.2, LangGraph does not say that a task has a result.
  const isOld = inject("peers")["@langchain/langgraph-checkpoint"]!.startsWith("1.1.");
  expect((await questions()).map(({ value }) => value)).toEqual(isOld ? ["one?", "two?"] : ["two?"]);
  await wait({ command: { resume: "no" } });
  expect(await json("GET", "/threads/t")).toMatchObject({ status: "idle", values: { log: ["one yes", "two no"] } });
});
