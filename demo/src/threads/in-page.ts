import { HumanMessage } from "@langchain/core/messages";
import { Command, INTERRUPT, START, isInterrupted } from "@langchain/langgraph/web";
import { DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { createAgent } from "../../../workers/agent.js";
import type { Model } from "../../../workers/model/model.js";
import { ruleModel } from "../../../workers/model/rule-model.js";
import type { RunConfig, RunInput } from "../../../workers/runs.js";
import { checkpointView, valueView } from "../../../workers/views.js";
import type { Checkpoint, Interrupt, Run, RunEvent, ThreadInfo, Threads } from "./threads.js";

const MOST_CHECKPOINTS = 200;
const MOST_THREADS = 200;

/** The rules answer at once. A language model does not, and a person wants to see the steps. */
const THINKING_MS = 600;

const unhurriedModel: Model = async (prompt) => {
  await new Promise((resolve) => setTimeout(resolve, THINKING_MS));
  return ruleModel(prompt);
};

/** The agent of `workers/`, run by this page. Nothing but DynamoDB is asked over the network. */
export function inPageThreads({ endpoint, tableName }: { endpoint: string; tableName: string }): Threads {
  const options = {
    tableName,
    region: "us-east-1",
    endpoint,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    dangerouslyAllowBrowser: true, // the embedded DynamoDB takes any keys
  };
  const checkpointer = new DynamoDBSaver(options);
  const agent = createAgent({ model: unhurriedModel, checkpointer, store: new DynamoDBStore(options) });

  async function* run(input: RunInput, config: RunConfig): Run {
    for await (const update of await agent.stream(input, { ...config, streamMode: "updates" })) {
      yield isInterrupted(update)
        ? { type: "interrupt", interrupts: update[INTERRUPT] as Interrupt[] }
        : ({ type: "update", nodes: valueView(update) } as RunEvent);
    }
  }

  return {
    place: "this page",
    storage: `${tableName} at ${new URL(endpoint).host}`,

    async list() {
      const threads: ThreadInfo[] = [];
      for await (const { threadId, createdAt } of checkpointer.listThreads({ limit: MOST_THREADS })) {
        threads.push({ thread_id: threadId, created_at: createdAt });
      }
      return threads;
    },

    async history(threadId) {
      const checkpoints: Checkpoint[] = [];
      for await (const snapshot of agent.getStateHistory(configOf(threadId), { limit: MOST_CHECKPOINTS })) {
        checkpoints.push(checkpointView(snapshot));
      }
      return checkpoints;
    },

    send: (threadId, message) =>
      run(message === null ? null : { messages: [new HumanMessage(message)] }, configOf(threadId)),
    resume: (threadId, decision) => run(new Command({ resume: decision }), configOf(threadId)),
    replay: (threadId, checkpointId) => run(null, configOf(threadId, checkpointId)),

    async *fork(threadId, checkpointId, { text, replaces }) {
      const config = configOf(threadId, checkpointId);
      if (replaces === undefined) {
        yield* run({ messages: [new HumanMessage(text)] }, config);
        return;
      }
      const edited = await agent.updateState(
        config,
        { messages: [new HumanMessage({ id: replaces, content: text })] },
        START,
      );
      yield* run(null, configOf(threadId, edited.configurable?.["checkpoint_id"] as string));
    },

    delete: (threadId) => checkpointer.deleteThread(threadId),
  };
}

const configOf = (thread_id: string, checkpoint_id?: string): RunConfig => ({
  configurable: { thread_id, ...(checkpoint_id !== undefined && { checkpoint_id }) },
});
