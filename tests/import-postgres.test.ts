import { Annotation, Command, END, interrupt, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres } from "../scripts/lib/servers/postgres.js";
import { collect } from "./lanes/savers/checkpoints.js";
import { createSaver } from "./lanes/savers/harness.js";

let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  approved: Annotation<string>,
});
const child = new StateGraph(State)
  .addNode("ask", () => ({ approved: interrupt<string, string>("May I?"), log: ["asked"] }))
  .addEdge(START, "ask")
  .addEdge("ask", END)
  .compile();
const graphOn = (checkpointer: BaseCheckpointSaver) =>
  new StateGraph(State)
    .addNode("plan", () => ({ log: ["planned"] }))
    .addNode("child", child)
    .addEdge(START, "plan")
    .addEdge("plan", "child")
    .addEdge("child", END)
    .compile({ checkpointer });

test(
  "threads that PostgresSaver wrote are taken over, with their history and subgraphs, and resumed where they were " +
    "interrupted",
  async () => {
    const source = PostgresSaver.fromConnString(postgres.url, {
      schema: `s${crypto.randomUUID().replaceAll("-", "")}`,
    });
    try {
      await source.setup();
      for (const thread_id of ["1", "2"])
        await graphOn(source).invoke({ log: ["began"] }, { configurable: { thread_id } });
      const saver = createSaver();

      expect(await saver.importFrom(source)).toMatchObject({ threads: 2 });

      for (const thread_id of ["1", "2"]) {
        const config = { configurable: { thread_id } };
        const checkpoints = async (from: BaseCheckpointSaver): Promise<unknown> =>
          new Map(
            (await collect(from.list(config))).map((tuple) => [
              `${String(tuple.config.configurable!.checkpoint_ns)}/${tuple.checkpoint.id}`,
              {
                ...tuple.checkpoint,
                metadata: tuple.metadata,
                pendingWrites: tuple.pendingWrites,
                parent: tuple.parentConfig?.configurable?.checkpoint_id as unknown,
              },
            ]),
          );
        expect(await checkpoints(saver)).toEqual(await checkpoints(source));
        expect(await graphOn(saver).invoke(new Command({ resume: "yes" }), config)).toMatchObject({
          log: expect.arrayContaining(["began", "planned", "asked"]),
          approved: "yes",
        });
      }
    } finally {
      await source.end();
    }
  },
);
