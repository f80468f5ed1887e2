import type { GraphConfig, Snapshot } from "../graphs.js";

/** Which checkpoint a config names, in the shape of LangGraph's server. Nothing else of the config is given out. */
export function checkpointOf(config: GraphConfig | undefined): Record<string, unknown> | null {
  const { thread_id, checkpoint_ns, checkpoint_id, checkpoint_map } = config?.configurable ?? {};
  if (checkpoint_id === undefined && checkpoint_ns === undefined) return null;
  return {
    thread_id,
    checkpoint_ns: checkpoint_ns ?? "",
    checkpoint_id: checkpoint_id ?? null,
    checkpoint_map: checkpoint_map ?? null,
  };
}

const isSnapshot = (state: Snapshot | GraphConfig): state is Snapshot => "values" in state && "next" in state;

const errorText = (error: unknown): string | null =>
  error === undefined || error === null ? null : error instanceof Error ? error.message : toText(error);

const toText = (error: unknown): string => {
  const message = (error as { message?: unknown }).message;
  return typeof message === "string" ? message : JSON.stringify(error);
};

/** A state as LangGraph's server gives it. */
export function stateShape(snapshot: Snapshot): Record<string, unknown> {
  const { values, next, tasks, metadata, createdAt, config, parentConfig } = snapshot;
  const { lease: _lease, ...shown } = metadata ?? {};
  return {
    values,
    next,
    tasks: tasks.map(({ id, name, path, error, interrupts, state, result }) => ({
      id,
      name,
      path: path ?? null,
      error: errorText(error),
      interrupts,
      checkpoint: state ? checkpointOf(isSnapshot(state) ? state.config : state) : null,
      state: state && isSnapshot(state) ? stateShape(state) : null,
      result: result ?? null,
    })),
    metadata: metadata ? shown : {},
    created_at: createdAt ?? null,
    checkpoint: checkpointOf(config),
    parent_checkpoint: parentConfig ? checkpointOf(parentConfig) : null,
  };
}

/**
 * What a thread is that no run has, and whose latest state this is: it is interrupted where a run can go on. Not by
 * `next`: tasks that have written are not in it, and their checkpoint may still be missing.
 */
export const statusOf = ({ tasks }: Snapshot): "idle" | "interrupted" => (tasks.length > 0 ? "interrupted" : "idle");

/** Whether a task waits for an answer: one that has a result has had it, also where others of its step still wait. */
export const asks = ({ interrupts, result }: Snapshot["tasks"][number]): boolean =>
  interrupts.length > 0 && result === undefined;

/** Whether a graph does nothing more by itself: all that it still has to do waits for an answer. */
export const isOver = ({ tasks }: Snapshot): boolean =>
  tasks.length === 0 || (tasks.some(asks) && tasks.every((task) => asks(task) || task.result !== undefined));

/** The interrupts that wait for an answer, by task. */
export function interruptsOf({ tasks }: Snapshot): Record<string, unknown[]> {
  return Object.fromEntries(tasks.filter(asks).map(({ id, interrupts }) => [id, interrupts]));
}
