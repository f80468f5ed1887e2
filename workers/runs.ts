import { INTERRUPT, isInterrupted } from "@langchain/langgraph/web";
import type { Agent } from "./agent.js";
import { errorBody, toHttpError } from "./http-error.js";
import { eventStream } from "./sse.js";
import type { Usage } from "./usage.js";
import { valueView } from "./views.js";

/** Where a run starts: the end of a thread, or one of its checkpoints. */
export interface RunConfig {
  configurable: { thread_id: string; checkpoint_id?: string };
}

/** New values, the answer to an interrupt, or null to go on from the checkpoint as it is. */
export type RunInput = Parameters<Agent["stream"]>[0];

/**
 * Runs the agent and streams what each node did:
 * `metadata`, then `updates` and perhaps `interrupt` or `error`, then `usage` and `end`.
 */
export function streamRun(agent: Agent, input: RunInput, config: RunConfig, usage: Usage) {
  return eventStream(async (send) => {
    let status: "done" | "waiting" | "failed" = "done";
    send("metadata", { thread_id: config.configurable.thread_id });
    try {
      // "sync": a step begins when what came before it is stored.
      const options = { ...config, streamMode: "updates" as const, durability: "sync" as const };
      for await (const update of await agent.stream(input, options)) {
        if (isInterrupted(update)) {
          status = "waiting";
          send("interrupt", { interrupts: update[INTERRUPT] });
        } else {
          send("updates", valueView(update));
        }
      }
    } catch (error) {
      // The status line is long gone, so the stream has to say it.
      status = "failed";
      send("error", errorBody(toHttpError(error)));
    }
    send("usage", usage);
    send("end", { status });
  });
}
