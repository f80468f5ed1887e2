import type { RunnableConfig } from "@langchain/core/runnables";
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type DeltaChannelHistory,
  type PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { longestRequestMs } from "../aws/client/retry.js";
import { Semaphore } from "../aws/client/semaphore.js";
import { optional, textsOf } from "../checks.js";
import { expandConfig, type SaverConfig } from "../config/config.js";
import { ambientEnv } from "../config/environment.js";
import { checkTtl } from "../config/values.js";
import type { DynamoDBSaverOptions } from "../options.js";
import { invalidInput } from "../errors.js";
import { defaultSerde } from "../format/serde/serde.js";
import { writingFor } from "./write/writing.js";
import { deleteThread } from "./delete-thread.js";
import { getDeltaHistory } from "./read/delta-history.js";
import { getTuple } from "./read/get-tuple.js";
import { configIds, inConfig, requireId, runIdOf } from "./ids.js";
import { list } from "./read/list.js";
import { listThreads } from "./read/list-threads.js";
import type { Opened } from "./opened.js";
import { openStorage } from "./open-storage.js";
import { partsGiven } from "./write/put-arguments.js";
import { putCheckpoint } from "./write/put.js";
import { putWrites, serializeWrites } from "./write/put-writes.js";
import { refreshOnRead } from "./write/renew.js";
import { Leases } from "./lease/leases.js";
import { configOf, whileHeld, type Storage } from "./storage.js";
import { setup, type SetupResult } from "../table/setup.js";
import type { ListThreadsOptions, ThreadInfo } from "./thread-index.js";

interface Internals {
  storage: Storage;
  config: SaverConfig;
  leases: Leases;
}
const internals = new WeakMap<CheckpointSaver, Internals>();

/** What the care of threads works on; for this package alone. */
export const internalsOf = (saver: CheckpointSaver): Internals => internals.get(saver)!;

/** LangGraph's contract of a saver: a `DynamoDBSaver` without the care of threads. */
export class CheckpointSaver extends BaseCheckpointSaver {
  // Private fields: neither `inspect` nor `JSON.stringify` of a graph shows credentials.
  readonly #config: SaverConfig;
  readonly #storage: Storage;
  readonly #leases = new Leases();
  /** Calls for the same task, in the order in which they were made. */
  readonly #taskLines = new Map<string, Semaphore>();

  /** @throws DynamoDBSaverError `INVALID_CONFIG` */
  constructor(options: DynamoDBSaverOptions) {
    const config = expandConfig(options, ambientEnv());
    super(config.serde ?? defaultSerde);
    this.#config = config;
    // Looked up at each use: `serde` is a public field of every saver, and wrappers replace it.
    const serde = {
      dumpsTyped: (value: unknown) => this.serde.dumpsTyped(value),
      loadsTyped: (type: string, data: Uint8Array | string) => this.serde.loadsTyped(type, data),
    };
    this.#storage = openStorage(config, serde, writingFor(config));
    internals.set(this, { storage: this.#storage, config, leases: this.#leases });
  }

  /** @internal For the agent server. On the prototype, so that nothing that prints a saver meets it. */
  get _opened(): Opened<this> {
    const config = this.#config;
    return {
      storage: this.#storage,
      leases: this.#leases,
      ttlSeconds: config.ttlSeconds,
      ofTenant: (keyPrefix) => {
        const saver = new (this.constructor as new (options: DynamoDBSaverOptions) => this)({
          ...config,
          keyPrefix: config.keyPrefix + keyPrefix,
        });
        saver.serde = this.serde;
        return saver;
      },
    };
  }

  /**
   * Creates what is missing, and says what it did: the table (string keys `PK` and `SK`, on demand); with `ttlSeconds`
   * DynamoDB's sweeping of expired items; with `s3` too the bucket's lifecycle rules, for `ttlSeconds` and for calls
   * with a ttl of their own. Call it when deploying, or at the start of a script: no other method does any of this.
   */
  async setup(): Promise<SetupResult> {
    return setup(this.#storage, this.#config.ttlSeconds, this.#config.signal);
  }

  /** Does nothing: there is no connection to close. Here because users of other savers call it. */
  async end(): Promise<void> {}

  /**
   * The checkpoint that `config` names, or the latest of its thread and namespace, with its pending writes;
   * `undefined` if there is none. 1 request, and 1 after it when state has to be read that is not cached. By id, or in
   * a namespace, an instance that has not read the thread within five minutes also reads its marker, beside it.
   */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const ids = configIds(config);
    const ttlSeconds = this.#ttlSeconds(config);
    const found = await getTuple(this.#under(config, ids.threadId), ids);
    if (!found) return undefined;
    if (this.#config.refreshOnRead && ttlSeconds !== undefined)
      await refreshOnRead(this.#storage, found.stored, ttlSeconds, ids.checkpointId === undefined);
    return found.tuple;
  }

  /**
   * Checkpoints, newest first within each namespace. Without `thread_id` those of all threads, without
   * `checkpoint_ns` those of all namespaces.
   *
   * @param options `limit`: at most so many. `before`: only ids below its `checkpoint_id`, by code point. `filter`:
   * only checkpoints whose metadata has these values.
   */
  override list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    return list(this.#under(config, configIds(config).threadId), config, options);
  }

  /**
   * Stores a checkpoint under the one that `config` names as its parent.
   *
   * @param newVersions the channels that changed; the others are taken over from the parent
   * @returns the config that names the new checkpoint
   */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions?: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { threadId: given, ns = "", checkpointId: parentId } = configIds(config);
    const threadId = requireId("thread_id", given, "put", inConfig("thread_id"));
    if (typeof checkpoint !== "object" || checkpoint === null)
      throw invalidInput("put needs a checkpoint object as its second argument.");
    const id = requireId("checkpoint id", checkpoint.id, "put", "as the checkpoint's id, a text that rises with time");
    const storage = this.#under(config, threadId);
    await putCheckpoint(storage, {
      threadId,
      ns,
      parentId,
      ...partsGiven(checkpoint, metadata, newVersions),
      ttlSeconds: this.#ttlSeconds(config),
      runId: runIdOf(config),
    });
    return configOf(storage.lease, threadId, ns, id);
  }

  /**
   * Stores what one task of a checkpoint wrote: 1 request, however many writes; 2 by an instance that has neither read
   * nor put the checkpoint. The first write of an index stays; of LangGraph's special channels (errors, interrupts,
   * resumes) the last one does.
   *
   * @param taskPath where LangGraph gives it, writes are read back in its order first
   */
  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = "",
  ): Promise<void> {
    const { threadId: givenThread, ns = "", checkpointId: givenId } = configIds(config);
    const threadId = requireId("thread_id", givenThread, "putWrites", inConfig("thread_id"));
    const checkpointId = requireId("checkpoint_id", givenId, "putWrites", inConfig("checkpoint_id"));
    requireId("taskId", taskId, "putWrites", "as the third argument");
    if (!Array.isArray(writes) || !writes.every((write) => Array.isArray(write) && typeof write[0] === "string"))
      throw invalidInput("putWrites needs an array of [channel, value] pairs as its second argument.");
    optional("taskPath", taskPath, "string", invalidInput);
    if (writes.length === 0) return;
    const ttlSeconds = this.#ttlSeconds(config);
    const runId = runIdOf(config);
    const storage = this.#under(config, threadId);
    // In the order of the calls: LangGraph does not wait for one before it makes the next.
    const channels = writes.map(([channel]) => channel);
    const below = storage.questions!.wrote(threadId, ns, checkpointId, channels);

    const task = JSON.stringify([threadId, ns, checkpointId, taskId]);
    const line = this.#taskLines.get(task) ?? new Semaphore(1, longestRequestMs(this.#config));
    this.#taskLines.set(task, line);
    const place = line.queue();
    try {
      const ready = Promise.all([serializeWrites(storage, writes), place.acquire(this.#config.signal)]);
      const about = { threadId, ns, checkpointId, taskId, taskPath, below, ttlSeconds, runId };
      const store = async (): Promise<void> => putWrites(storage, { ...about, writes: (await ready)[0] });
      await whileHeld(storage, store, ready);
    } finally {
      place.release();
      if (line.empty) this.#taskLines.delete(task);
    }
  }

  /** Deletes everything of a thread. Deleting one that is not there is fine. */
  override async deleteThread(threadId: string): Promise<void> {
    await deleteThread(this.#storage, requireId("thread_id", threadId, "deleteThread", "as the argument"));
  }

  /**
   * The threads that have checkpoints, ordered by id. A page of 1 MB a request; with `latest: true` 1 request a thread
   * more.
   *
   * @example
   * ```ts
   * for await (const { threadId, createdAt } of checkpointer.listThreads({ limit: 20 })) {
   *   console.log(threadId, createdAt);
   * }
   * ```
   */
  async *listThreads(options: ListThreadsOptions = {}): AsyncGenerator<ThreadInfo, void, undefined> {
    yield* listThreads(this.#storage, options);
  }

  /**
   * What LangGraph's `DeltaChannel` needs to rebuild its state: 1 request a megabyte of history, never one an ancestor.
   * It is read consistently, whatever `consistentRead` says.
   *
   * @throws CheckpointDataError `MISSING_DATA` when the checkpoint, or an ancestor that it is rebuilt from, is not
   *   there any more
   */
  override async getDeltaChannelHistory(options: {
    config: RunnableConfig;
    channels: string[];
  }): Promise<Record<string, DeltaChannelHistory>> {
    const { config, channels: given } = (options ?? {}) as Partial<typeof options>;
    const ids = configIds(config);
    const channels = textsOf("channels", given);
    if (channels.length === 0) return {};
    const threadId = requireId("thread_id", ids.threadId, "getDeltaChannelHistory", inConfig("thread_id"));
    return getDeltaHistory(this.#under(config, threadId), threadId, ids, channels);
  }

  /** With the lease that a call is made under. */
  #under(config: RunnableConfig | undefined, threadId: string | undefined): Storage {
    const lease = this.#leases.of(this.#storage, config, threadId);
    return lease ? { ...this.#storage, lease } : this.#storage;
  }

  /** What `configurable.ttl_seconds` says for this call, else the option. */
  #ttlSeconds(config: RunnableConfig): number | undefined {
    const given = (config.configurable as Record<string, unknown> | undefined)?.ttl_seconds;
    return given === undefined ? this.#config.ttlSeconds : checkTtl("configurable.ttl_seconds", given, invalidInput);
  }
}
