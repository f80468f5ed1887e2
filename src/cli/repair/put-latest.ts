import type { Checkpoint, CheckpointMetadata, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { uuid6 } from "@langchain/langgraph-checkpoint";
import { idTime } from "../../checkpoint/ids.js";
import { isRunUnderWay, type ThreadStatus } from "../../inspect/thread-status.js";
import type { TimelineEntry } from "../../inspect/timeline.js";
import type { DynamoDBSaver } from "../../threads/saver.js";
import { DynamoDBSaverError } from "../../errors.js";
import type { Context } from "../context.js";
import { wireSerde } from "./wire-serde.js";

/* What repairs have in common: they put a checkpoint that becomes the latest, while nobody else has the thread. */

/** A saver that takes values as they are stored. */
export async function wireSaver({ options }: Context): Promise<DynamoDBSaver> {
  const { DynamoDBSaver } = await import("../../threads/saver.js");
  return new DynamoDBSaver({ ...options, serde: wireSerde });
}

/** What others are told who want the thread meanwhile. */
const HOLDER = "langgraph-checkpoint-dynamodb";

/** A checkpoint that is put in the end, under the one that it goes on from. */
export interface Repaired {
  parent: CheckpointTuple["config"] | undefined;
  checkpoint: Checkpoint;
  metadata: CheckpointMetadata;
  newVersions: Record<string, number>;
}

/**
 * Puts a checkpoint under a lease. So it is the latest, whatever the clocks of machines say, and what a run without a
 * lease stores later beside it is not.
 *
 * @param expected the latest checkpoint, of which somebody has thought
 * @param breakLease takes the thread away from who has it
 * @throws ThreadBusyError
 * @throws DynamoDBSaverError `CONFLICT` where the thread has gone on meanwhile
 * @returns the id of the checkpoint
 */
export async function putLatest(
  context: Context,
  threadId: string,
  expected: string,
  breakLease: boolean,
  make: (saver: DynamoDBSaver, at: (checkpointId: string) => Promise<CheckpointTuple>) => Promise<Repaired>,
  ttlSeconds: number | undefined,
): Promise<string> {
  const saver = await wireSaver(context);
  if (breakLease) await saver.breakLease(threadId);
  const put = async ({ configurable }: { configurable: object }): Promise<string> => {
    const config = { configurable: { thread_id: threadId, checkpoint_ns: "", ...configurable } };
    const latest = await saver.getTuple(config);
    if (latest?.checkpoint.id !== expected)
      throw new DynamoDBSaverError(
        "CONFLICT",
        `Thread ${JSON.stringify(threadId)} has gone on meanwhile: its latest checkpoint is ` +
          `${latest?.checkpoint.id ?? "gone"}, and was ${expected}. Nothing was changed.`,
      );
    const at = async (checkpoint_id: string): Promise<CheckpointTuple> => {
      const tuple = await saver.getTuple({ configurable: { ...config.configurable, checkpoint_id } });
      if (tuple) return tuple;
      throw new DynamoDBSaverError("CONFLICT", `Checkpoint ${checkpoint_id} is not there any more.`);
    };
    const { parent = config, checkpoint, metadata, newVersions } = await make(saver, at);
    const place = ttlSeconds === undefined ? parent : withTtl(parent, ttlSeconds);
    await saver.put(place, checkpoint, metadata, newVersions);
    return checkpoint.id;
  };
  return saver.withLease(threadId, put, { holder: HOLDER });
}

const withTtl = (config: CheckpointTuple["config"], ttl_seconds: number): CheckpointTuple["config"] => ({
  ...config,
  configurable: { ...config.configurable, ttl_seconds },
});

/** A copy with an id and a time of its own, as LangGraph makes one. */
export const copyOf = (checkpoint: Checkpoint, step: number): Checkpoint => ({
  ...checkpoint,
  v: 4,
  id: uuid6(step),
  ts: new Date().toISOString(),
});

/** What of the metadata LangGraph takes over. */
export function metadataOf(
  { metadata }: CheckpointTuple,
  source: "fork" | "update",
): CheckpointMetadata & Record<string, unknown> {
  const {
    step = -1,
    parents = {},
    ...more
  } = (metadata ?? {}) as Partial<CheckpointMetadata> & Record<string, unknown>;
  const { delta_writes_versioned: versioned, counters_since_delta_snapshot: counters } = more;
  return {
    source,
    step: step + 1,
    parents,
    ...(versioned !== undefined && { delta_writes_versioned: versioned }),
    ...(counters !== undefined && { counters_since_delta_snapshot: counters }),
  };
}

/** For how long the checkpoints of a thread live, as one tells that does not stay for good. */
export function ttlOf({ id, endsAt }: TimelineEntry): number | undefined {
  const made = idTime(id);
  if (endsAt === Infinity || made === undefined) return undefined;
  return Math.max(60, Math.round(endsAt - made / 1_000));
}

/** What somebody should know before a checkpoint is put on top of a thread; nothing where there is nothing to know. */
export function warningOf(status: ThreadStatus): string | undefined {
  if (status.status !== "unfinished" || !isRunUnderWay(status)) return undefined;
  return (
    "It has gone on in the last minutes. If a run without a lease is under way, what that one stores is on a branch " +
    "of its own, and the thread does not go on from it."
  );
}
