// Time travel: a trip was planned for Paris. Go back to the checkpoint before the plan was made, write another city
// into the state of that moment, and go on from there. What happened first stays in the history, beside the new branch.
//
//   npm run example -- time-travel
import { END, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
import { randomUUID } from "node:crypto";
import { z } from "zod";

const State = new StateSchema({
  wish: z.string(),
  city: z.string().default(""),
  plan: z.string().default(""),
});

const checkpointer = DynamoDBSaver.fromEnv(process.env);
await checkpointer.setup();

// Each node would ask a model.
const graph = new StateGraph(State)
  .addNode("choose", ({ wish }) => ({ city: wish.includes("museums") ? "Paris" : "Oslo" }))
  .addNode("make_plan", ({ city }) => ({ plan: `Take the train to ${city}, stay three days.` }))
  .addEdge(START, "choose")
  .addEdge("choose", "make_plan")
  .addEdge("make_plan", END)
  .compile({ checkpointer });

const trip = { configurable: { thread_id: `trip-${randomUUID()}` } };
const first = await graph.invoke({ wish: "somewhere with museums" }, trip);
console.log("first: ", first.plan);

// The checkpoint to go back to: the one after which the plan was made.
let before;
for await (const snapshot of graph.getStateHistory(trip)) {
  if (snapshot.next.includes("make_plan")) before = snapshot;
}
if (!before) throw new Error("No checkpoint comes before the plan.");

// As if `choose` had said it. This writes a new checkpoint beside the old one, and gives back its config.
const fork = await graph.updateState(before.config, { city: "Lisbon" }, "choose");
const second = await graph.invoke(null, fork);
console.log("second:", second.plan);

// Both branches, newest checkpoint first, and each one's parent.
/** @param {{ configurable?: Record<string, any> | undefined } | undefined} config */
const shortId = (config) => config?.configurable?.checkpoint_id?.slice(14, 23) ?? "none";
for await (const { config, parentConfig, metadata, values, next } of graph.getStateHistory(trip)) {
  const state =
    `city ${values.city || "unknown"}, ${values.plan ? "planned" : "no plan yet"}, next ` +
    `${next.join() || "nothing"}`;
  console.log(`${shortId(config)} (parent ${shortId(parentConfig)}) ${metadata?.source}: ${state}`);
}
