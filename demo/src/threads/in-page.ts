import { HumanMessage } from "@langchain/core/messages";
import { Command, INTERRUPT, START, isInterrupted } from "@langchain/langgraph/web";
import { DynamoDBSaver, DynamoDBStore } from "langgraph-checkpoint-dynamodb";
import { createAgent } from "../../../workers/agent.js";
import type { Model } from "../../../workers/model/model.js";
import { ruleModel } from "../../../workers/model/rule-model.js";
import type { RunConfig, RunInput } from "../../../workers/runs.js";
import { checkpointView, valueView } from "../../../workers/views.js";
import { RunError } from "./run-error.js";
import type { Checkpoint, Interrupt, Run, RunEvent, ThreadInfo, Threads } from "./threads.js";

const MOST_CHECKPOINTS = 200;
const MOST_THREADS = 200;

/** For so long a page that was closed keeps others out. Each superstep is much shorter. */
const LEASE_SECONDS = 5;
/** Who waits for a lease to end lets other clocks be so far behind. */
const CLOCKS_APART_SECONDS = 5;

/** The rules answer at once. A language model does not, and a person wants to see the steps. */
const THINKING_MS = 600;

const unhurriedModel: Model = async (prompt) => {
  await new Promise((resolve) => setTimeout(resolve, THINKING_MS));
  return ruleModel(prompt);
};

/** What a run begins with, and where; at the thread's end if it does not say. */
interface Beginning {
  input: RunInput;
  from?: string;
}

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

  /**
   * One run at a time has a thread: of two tabs, one goes on, and the other one is told. A page that was closed in the
   * middle of a run keeps others out for as long as its lease lasts.
   *
   * @param prepare is called under the lease, and says what the run begins with, and where if not at `checkpointId`
   */
  async function* run(
    threadId: string,
    prepare: (config: RunConfig) => Promise<Beginning> | Beginning,
    { checkpointId, waitSeconds = 0 }: { checkpointId?: string; waitSeconds?: number } = {},
  ): Run {
    const lease = await checkpointer.acquireLease(threadId, { leaseSeconds: LEASE_SECONDS, waitSeconds });
    try {
      const held = (checkpoint?: string): RunConfig => ({
        configurable: { ...configOf(threadId, checkpoint).configurable, ...lease.configurable },
      });
      const { input, from = checkpointId } = await prepare(held(checkpointId));
      const options = { ...held(from), signal: lease.signal, streamMode: "updates" as const };
      for await (const update of await agent.stream(input, options)) {
        yield isInterrupted(update)
          ? { type: "interrupt", interrupts: update[INTERRUPT] as Interrupt[] }
          : ({ type: "update", nodes: valueView(update) } as RunEvent);
      }
    } finally {
      // A lease that cannot be released ends by itself.
      await lease.release().catch(() => undefined);
    }
  }

  const human = (content: string, id?: string): RunInput => ({
    messages: [new HumanMessage({ content, ...(id !== undefined && { id }) })],
  });

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
      message === null
        ? run(threadId, () => ({ input: null }), { waitSeconds: 2 * LEASE_SECONDS + CLOCKS_APART_SECONDS })
        : run(threadId, () => ({ input: human(message) })),

    resume: (threadId, interruptId, decision) =>
      run(threadId, async (config) => {
        // Under the lease: what this tab shows may be answered by now.
        const { tasks } = await agent.getState(config);
        if (!tasks.some(({ interrupts }) => interrupts.some(({ id }) => id === interruptId)))
          throw new RunError("NOTHING_TO_RESUME", "This thread does not wait for this answer any more.");
        return { input: new Command({ resume: { [interruptId]: decision } }) };
      }),

    replay: (threadId, checkpointId) => run(threadId, () => ({ input: null }), { checkpointId }),

    fork: (threadId, checkpointId, { text, replaces }) =>
      run(
        threadId,
        async (config) => {
          if (replaces === undefined) return { input: human(text) };
          const edited = await agent.updateState(config, human(text, replaces), START);
          return { input: null, from: edited.configurable?.["checkpoint_id"] as string };
        },
        { checkpointId },
      ),

    delete: (threadId) => checkpointer.deleteThread(threadId),
  };
}

const configOf = (thread_id: string, checkpoint_id?: string): RunConfig => ({
  configurable: { thread_id, ...(checkpoint_id !== undefined && { checkpoint_id }) },
});
