import { Command } from "@langchain/langgraph";
import fc from "fast-check";
import { describe, it } from "vitest";
import { collect } from "../../lanes/savers/checkpoints.js";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expectSameAsMemorySaver, THREAD } from "../../lanes/savers/compare-savers.js";
import { parallel } from "../../lanes/graphs/parallel-graph.js";

provideContext();

describe("programs of random steps", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("invoke" as const), ask: fc.boolean() }),
    fc.record({ do: fc.constant("resume" as const) }),
    fc.record({ do: fc.constant("update" as const), asNode: fc.constantFrom("left", "right", "last") }),
    fc.record({ do: fc.constant("fork" as const), asNode: fc.constantFrom("left", "right", "last"), at: fc.nat(11) }),
    fc.record({ do: fc.constant("copy" as const), at: fc.nat(11) }),
    fc.record({ do: fc.constant("replay" as const), at: fc.nat(11) }),
  );

  it("have the states they have on MemorySaver", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 7 }),
        fc.constantFrom("warm" as const, "cold" as const),
        async (steps, instances) => {
          await expectSameAsMemorySaver(async (saver) => {
            const outcomes: unknown[] = [];
            await parallel(saver).invoke({ log: ["input"], ask: false }, THREAD);
            for (const [i, step] of steps.entries()) {
              const graph = parallel(saver);
              const history = await collect(graph.getStateHistory(THREAD));
              const past = "at" in step ? history[step.at % history.length]!.config : THREAD;
              // LangGraph refuses some of them; then it has to refuse them on both.
              const outcome =
                step.do === "invoke"
                  ? graph.invoke({ log: [`input ${i}`], ask: step.ask }, THREAD)
                  : step.do === "resume"
                    ? graph.invoke(new Command({ resume: `answer ${i}` }), THREAD)
                    : step.do === "replay"
                      ? graph.invoke(null, past)
                      : step.do === "copy"
                        ? graph.updateState(past, null, "__copy__").then((copy) => parallel(saver).invoke(null, copy))
                        : graph.updateState(past, { log: [`update ${i}`], fromRight: i }, step.asNode);
              outcomes.push(
                await outcome.then(
                  (value) => ("configurable" in value ? "updated" : value),
                  (error: Error) => error.message,
                ),
              );
            }
            return { graph: parallel(saver), seen: outcomes };
          }, instances);
        },
      ),
      { numRuns: 12 },
    );
  });
});
