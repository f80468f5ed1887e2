import type { Run } from "./record.js";

/** A run as LangGraph's server gives it. */
export function runShape({ id, threadId, status, created, updated, kwargs }: Run): Record<string, unknown> {
  const { assistant, input, command, config, context, metadata, multitask_strategy, stream_mode } = kwargs;
  return {
    run_id: id,
    thread_id: threadId,
    assistant_id: assistant.id,
    status,
    metadata: { ...metadata, graph_id: assistant.name, assistant_id: assistant.id },
    kwargs: { input, command: command ?? null, config, context: context ?? null, stream_mode },
    multitask_strategy,
    created_at: new Date(created).toISOString(),
    updated_at: new Date(updated).toISOString(),
  };
}
