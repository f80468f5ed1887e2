import { Annotation, Command, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { DynamoDBSaver, DynamoDBSaverEvent } from "langgraph-checkpoint-dynamodb";
import { provideContext } from "langgraph-checkpoint-dynamodb/context";
import { expect, test } from "vitest";
import { fourNodes } from "../../lanes/graphs/four-nodes.js";
import { createSaver } from "../../lanes/savers/harness.js";
import { newPrefix } from "../../lanes/stored/requests.js";

provideContext();

test("a turn of four nodes takes two requests more under a lease, and no write units a superstep", async () => {
  const sent = { requests: 0, writeUnits: 0 };
  const onEvent = (event: DynamoDBSaverEvent): void => {
    if (event.type !== "request") return;
    sent.requests += event.attempts;
    sent.writeUnits += event.consumedCapacity.writeUnits;
  };
  const turns = async (hasLease: boolean): Promise<{ requests: number; writeUnits: number }[]> => {
    const saver = createSaver({ keyPrefix: newPrefix(), onEvent });
    const graph = fourNodes(saver);
    const input = { question: "Hello, what about it?" };
    const config = { configurable: { thread_id: "3b241101-e2bb-4255-8caf-000000000001" } };
    await graph.invoke(input, config);
    const all: { requests: number; writeUnits: number }[] = [];
    for (let turn = 0; turn < 10; turn++) {
      Object.assign(sent, { requests: 0, writeUnits: 0 });
      // Long enough for no renewal, on however slow a machine.
      if (!hasLease) await graph.invoke(input, config);
      else
        await saver.withLease(
          config.configurable.thread_id,
          ({ configurable, signal }) =>
            graph.invoke(input, { configurable: { ...config.configurable, ...configurable }, signal }),
          { leaseSeconds: 600 },
        );
      all.push({ requests: sent.requests, writeUnits: sent.writeUnits });
    }
    return all;
  };
  const [without, under] = [await turns(false), await turns(true)];
  expect(under.map(({ requests }) => requests)).toEqual(without.map(({ requests }) => requests + 2));
  const units = (all: { writeUnits: number }[]): number => all.reduce((sum, { writeUnits }) => sum + writeUnits, 0);
  // One to acquire, and one to release.
  expect(units(under) - 2 * under.length).toBeLessThanOrEqual(1.02 * units(without));
});

test("of two resumes at once one runs the tool, and the other one is told before it has begun", async () => {
  const keyPrefix = newPrefix();
  let refunds = 0;
  const graphOf = (checkpointer: DynamoDBSaver) =>
    new StateGraph(Annotation.Root({ outcome: Annotation<string>() }))
      .addNode("refund", async () => {
        if (interrupt("Pay it back?") !== "yes") return { outcome: "refused" };
        refunds++;
        await new Promise((resolve) => setTimeout(resolve, 50));
        return { outcome: "paid" };
      })
      .addEdge(START, "refund")
      .compile({ checkpointer });
  const config = { configurable: { thread_id: "t" } };
  await graphOf(createSaver({ keyPrefix })).invoke({}, config);
  const resume = (): Promise<unknown> => {
    const saver = createSaver({ keyPrefix });
    return saver.withLease("t", ({ configurable, signal }) =>
      graphOf(saver).invoke(new Command({ resume: "yes" }), {
        configurable: { ...config.configurable, ...configurable },
        signal,
      }),
    );
  };
  const both = await Promise.allSettled([resume(), resume()]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  for (const one of both) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "THREAD_BUSY" });
  expect(refunds).toBe(1);
  const { values, next } = await graphOf(createSaver({ keyPrefix })).getState(config);
  expect([values, next]).toEqual([{ outcome: "paid" }, []]);
});
