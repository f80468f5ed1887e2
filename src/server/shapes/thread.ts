import type { ThreadRow } from "../directory.js";

interface ThreadState {
  values: unknown;
  interrupts: Record<string, unknown[]>;
}

/**
 * A thread as LangGraph's server gives it.
 * @param state where it was read; a list has the beginning of the first message in its place
 */
export function threadShape(row: ThreadRow, state?: ThreadState): Record<string, unknown> {
  const { threadId, status, metadata, first, created, updated } = row;
  return {
    thread_id: threadId,
    status,
    metadata,
    values: state ? state.values : first ? { messages: [first] } : null,
    interrupts: state?.interrupts ?? {},
    config: {},
    error: null,
    created_at: new Date(created).toISOString(),
    updated_at: new Date(updated).toISOString(),
  };
}
