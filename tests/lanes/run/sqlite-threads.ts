import { Annotation, Command, DeltaChannel, interrupt, Send, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { collect } from "../savers/checkpoints.js";

/* Runs beside SqliteSaver, which is not among this package's dependencies: node … <file of SQLite> write|look|resume */

const [, , file, command] = process.argv;
const { SqliteSaver } = (await import(String("@langchain/langgraph-checkpoint-sqlite"))) as {
  SqliteSaver: { fromConnString(file: string): BaseCheckpointSaver };
};
const sqlite = SqliteSaver.fromConnString(file!);
const dynamodb = DynamoDBSaver.fromEnv(process.env);

const append = (state: string[], writes: string[][]): string[] => [...state, ...writes.flat()];
const State = Annotation.Root({
  log: () => new DeltaChannel<string[], string[]>(append, { snapshotFrequency: 4, initialValueFactory: () => [] }),
  answers: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});
const child = new StateGraph(State)
  .addNode("prepare", () => ({ log: ["prepared", "twice"] }))
  .addNode("ask", () => ({ answers: [interrupt<string, string>("May I?")] }))
  .addEdge(START, "prepare")
  .addEdge("prepare", "ask")
  .compile();
const worked: string[] = [];
/**
 * Plans, and then works on parts side by side while a subgraph asks. The part "broken" fails as long as it is not
 * mended.
 */
const graphOn = (checkpointer: BaseCheckpointSaver, isMended = false) =>
  new StateGraph(State)
    .addNode("plan", ({ log }) => ({ log: [`planned ${log.length}`] }))
    .addNode("work", (part: unknown) => {
      if (part === "broken" && !isMended) throw new Error("It is broken.");
      worked.push(String(part));
      return { log: [`done ${String(part)}`], answers: [String(part)] };
    })
    .addNode("child", child)
    .addEdge(START, "plan")
    .addConditionalEdges("plan", ({ log }) => [
      ...log.filter((part) => part.startsWith("part ")).map((part) => new Send("work", part.slice(5))),
      ...(log.includes("ask") ? ["child"] : []),
    ])
    .compile({ checkpointer });

const thread = (thread_id: string) => ({ configurable: { thread_id } });
const threads = ["asked", "failed", "forked"];

const place = ({ config }: CheckpointTuple): string =>
  `${config.configurable!.checkpoint_ns as string}/${config.configurable!.checkpoint_id as string}`;
/** Within a task as they are; special channels come first in one saver and last in the other. */
const rank = ([task, channel]: [string, string, unknown]): string => `${task} ${channel.startsWith("__")}`;

/** All that a saver has of a thread, and what the graph makes of it. */
async function describe(saver: BaseCheckpointSaver, id: string): Promise<object> {
  const tuples = await collect(saver.list(thread(id)));
  const graph = graphOn(saver);
  return {
    checkpoints: tuples
      .map((tuple) => ({
        place: place(tuple),
        parent: tuple.parentConfig?.configurable?.checkpoint_id as unknown,
        checkpoint: tuple.checkpoint,
        metadata: tuple.metadata,
        writes: tuple.pendingWrites!.toSorted((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0)),
      }))
      .sort((a, b) => (a.place < b.place ? -1 : 1)),
    state: await graph.getState(thread(id), { subgraphs: true }),
    history: await collect(graph.getStateHistory(thread(id))),
  };
}

const commands: Record<string, () => Promise<unknown>> = {
  async write() {
    const graph = graphOn(sqlite);
    await graph.invoke({ log: ["begun", "part one"] }, thread("asked"));
    await graph.invoke({ log: ["ask", "part two"] }, thread("asked"));
    const failed = await graph
      .invoke({ log: ["part one", "part broken", "part two"] }, thread("failed"))
      .catch((error: Error) => error.message);
    await graph.invoke({ log: ["ask"] }, thread("forked"));
    const [, before] = await collect(graph.getStateHistory(thread("forked")));
    const fork = await graph.updateState(before!.config, { log: ["another way", "part three"] });
    await graph.invoke(null, fork);
    return failed;
  },
  /** What the two savers have. */
  async look() {
    const describeAll = (saver: BaseCheckpointSaver) => Promise.all(threads.map((id) => describe(saver, id)));
    return { sqlite: await describeAll(sqlite), dynamodb: await describeAll(dynamodb) };
  },
  /** What becomes of the threads, from either saver. */
  async resume() {
    const resumeAll = async (saver: BaseCheckpointSaver) => {
      worked.length = 0;
      const graph = graphOn(saver, true);
      const asked = await graph.invoke(new Command({ resume: "yes" }), thread("asked"));
      const failed = await graph.invoke(null, thread("failed"));
      const forked = await graph.invoke(new Command({ resume: "no" }), thread("forked"));
      return { asked, failed, forked, worked: [...worked] };
    };
    return { sqlite: await resumeAll(sqlite), dynamodb: await resumeAll(dynamodb) };
  },
};

console.log(JSON.stringify(await commands[command!]!()));
