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
import { Turnstile } from "../aws/client/semaphore.js";
import { optional, textsOf } from "../checks.js";
import { ambientEnv, checkTtl, expandConfig, withEnv, type SaverConfig } from "../config.js";
import type { DynamoDBSaverOptions } from "../options.js";
import { invalidInput } from "../errors.js";
import { defaultSerde } from "../format/serde/serde.js";
import { compress } from "../format/compression.js";
import { copyThread, type RestoreProgress } from "../threads/copy/copy-thread.js";
import { DELETE_FOR_RUNS_OPTIONS, deleteForRuns, type DeleteForRunsOptions } from "../threads/prune/delete-for-runs.js";
import { deleteThread } from "./delete-thread.js";
import { getDeltaHistory } from "./read/delta-history.js";
import {
  exportThread,
  IMPORT_OPTIONS,
  importThread,
  type ImportOptions,
  type Lines,
} from "../threads/copy/export-thread.js";
import type { PruneResult } from "../threads/prune/result.js";
import { getTuple } from "./read/get-tuple.js";
import {
  IMPORT_FROM_OPTIONS,
  importFrom,
  type CheckpointSource,
  type ImportFromOptions,
  type ImportFromProgress,
  type ImportFromResult,
} from "../threads/copy/import-from.js";
import { configIds, inConfig, requireId, runIdOf } from "./ids.js";
import { pruneSometimes } from "../threads/prune/prune-sometimes.js";
import { list } from "./read/list.js";
import { listThreads } from "./read/list-threads.js";
import { longWork, type LongWorkOptions } from "../threads/long-work.js";
import { openStorage } from "./open-storage.js";
import { partsGiven } from "./write/given.js";
import { prune, type PruneProgress } from "../threads/prune/prune.js";
import { PRUNE_OPTIONS, type PruneOptions } from "../threads/prune/options.js";
import { putCheckpoint } from "./write/put.js";
import { putWrites, serializeWrites } from "./write/put-writes.js";
import { refreshOnRead } from "./write/renew.js";
import type { Storage } from "./storage.js";
import { setup, type SetupResult } from "../table/setup.js";
import type { ListThreadsOptions, ThreadInfo } from "./thread-index.js";

/**
 * Keeps LangGraph's checkpoints in one DynamoDB table, over `fetch` alone.
 *
 * One instance serves any number of threads and, in a Worker, any number of requests. Every method throws a
 * {@link DynamoDBSaverError}: `INVALID_INPUT` before anything is sent, `AwsRequestError` when DynamoDB could
 * not do it, `CheckpointDataError` when what is stored cannot be read.
 *
 * @example
 * ```ts
 * import { StateGraph, MessagesAnnotation, START } from "@langchain/langgraph";
 * import { DynamoDBSaver } from "langgraph-checkpoint-dynamodb";
 *
 * const checkpointer = new DynamoDBSaver({ tableName: "langgraph-checkpoints", region: "us-east-1" });
 * await checkpointer.setup(); // once, for example when deploying
 *
 * const graph = new StateGraph(MessagesAnnotation)
 *   .addNode("answer", () => ({ messages: [{ role: "assistant", content: "Hello!" }] }))
 *   .addEdge(START, "answer")
 *   .compile({ checkpointer });
 * await graph.invoke({ messages: [{ role: "user", content: "Hi" }] }, { configurable: { thread_id: "1" } });
 * ```
 */
export class DynamoDBSaver extends BaseCheckpointSaver {
  // Private fields: neither `inspect` nor `JSON.stringify` of a graph shows credentials.
  readonly #config: SaverConfig;
  readonly #storage: Storage;
  /** Calls for the same task, in the order in which they were made. */
  readonly #taskLines = new Map<string, Turnstile>();

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
    this.#storage = openStorage(config, serde, compress);
  }

  /**
   * A saver configured by environment variables: a Worker's `env`, `process.env`, or `Deno.env.toObject()`.
   * Reads `DYNAMODB_TABLE_NAME`, `AWS_REGION`, `AWS_DEFAULT_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
   * `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL`.
   *
   * @param overrides options that come before the environment's
   * @throws DynamoDBSaverError `INVALID_CONFIG`
   */
  static fromEnv(
    env: Readonly<Record<string, unknown>> | object,
    overrides: Partial<DynamoDBSaverOptions> = {},
  ): DynamoDBSaver {
    return new DynamoDBSaver(withEnv(env, overrides));
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
   * a namespace, an instance that has not read the thread within five minutes also reads its marker, at the same time
   * as the checkpoint.
   */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const found = await getTuple(this.#storage, config);
    if (!found) return undefined;
    const ttlSeconds = this.#ttlSeconds(config);
    if (this.#config.refreshOnRead && ttlSeconds !== undefined)
      await refreshOnRead(this.#storage, found.stored, ttlSeconds, configIds(config).checkpointId === undefined);
    return found.tuple;
  }

  /**
   * Checkpoints, newest first within each namespace. Without `thread_id` those of all threads, without
   * `checkpoint_ns` those of all namespaces.
   *
   * @param options `limit`: at most so many. `before`: only ids below its `checkpoint_id`. `filter`: only
   * checkpoints whose metadata has these values.
   */
  override async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    yield* list(this.#storage, config, options);
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
    await putCheckpoint(this.#storage, {
      threadId,
      ns,
      parentId,
      ...partsGiven(checkpoint, metadata, newVersions),
      ttlSeconds: this.#ttlSeconds(config),
      runId: runIdOf(config),
    });
    if (this.#config.history === "latest") await pruneSometimes(this.#storage, threadId, id);
    return { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } };
  }

  /**
   * Stores what one task of a checkpoint wrote: 1 request, however many writes; 2 by an instance that has neither read
   * nor put the checkpoint. The first write of an index
   * stays; of LangGraph's special channels (errors, interrupts, resumes) the last one does.
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

    const task = JSON.stringify([threadId, ns, checkpointId, taskId]);
    const line = this.#taskLines.get(task) ?? new Turnstile(1, longestRequestMs(this.#config));
    this.#taskLines.set(task, line);
    const place = line.line();
    try {
      const [serialized] = await Promise.all([
        serializeWrites(this.#storage, writes),
        place.enter(this.#config.signal),
      ]);
      await putWrites(this.#storage, {
        threadId,
        ns,
        checkpointId,
        taskId,
        taskPath,
        writes: serialized,
        ttlSeconds,
        runId: runIdOf(config),
      });
    } finally {
      place.leave();
      if (line.empty) this.#taskLines.delete(task);
    }
  }

  /** Deletes everything of a thread. Deleting one that is not there is fine. */
  override async deleteThread(threadId: string): Promise<void> {
    await deleteThread(this.#storage, requireId("thread_id", threadId, "deleteThread", "as the argument"));
  }

  /**
   * Removes old checkpoints with their writes, and what only they referred to. What stays reads as before: the newest
   * checkpoint of each namespace always, with what it needs to be resumed and what its `DeltaChannel`s are rebuilt
   * from. Runs may go on meanwhile: segments and objects are freed by a call at least `graceSeconds` after the one that
   * made them superfluous. Cut short, call it again. 5 requests a thread and more, 1 a megabyte read, 1 for 25
   * checkpoints or writes, 1 a segment.
   *
   * A thread that cannot be read, for lack of its key for example, is passed over; the promise is rejected when all
   * others are done.
   *
   * @throws ThreadsFailedError when there are several threads, and some of them cannot be read
   * @throws CheckpointDataError when there is one thread, and it cannot be read
   *
   * @example
   * ```ts
   * const freed = await checkpointer.prune({ all: true, keepLast: 10, olderThanSeconds: 30 * 86_400 });
   * ```
   */
  async prune(options: PruneOptions & LongWorkOptions<PruneProgress>): Promise<PruneResult> {
    return this.#longWork(options, PRUNE_OPTIONS, (storage) => prune(storage, options));
  }

  /**
   * Removes the checkpoints of some runs. A run has an id here if it was given one: `configurable: { run_id }` or
   * `metadata: { run_id }`, for `invoke`, `stream` and `updateState` alike. LangGraph's own `runId` does not reach a
   * saver. Checkpoints whose metadata has a `run_id` belong to that run too. All checkpoints of the threads are read
   * for this; name the threads where you can. Runs may go on meanwhile, as beside {@link prune}, and threads that
   * cannot be read are passed over as there.
   *
   * @throws ThreadsFailedError when there are several threads, and some of them cannot be read
   *
   * @example
   * ```ts
   * const run_id = crypto.randomUUID();
   * await graph.invoke({ question: "Why?" }, { configurable: { thread_id: "1", run_id } });
   * await checkpointer.deleteForRuns([run_id], { threadIds: ["1"] });
   * ```
   */
  async deleteForRuns(
    runIds: readonly string[],
    options?: DeleteForRunsOptions & LongWorkOptions<PruneProgress>,
  ): Promise<PruneResult> {
    return this.#longWork(options, DELETE_FOR_RUNS_OPTIONS, (storage) => deleteForRuns(storage, runIds, options));
  }

  /**
   * Stores a thread under another id as well, with all its checkpoints, as it is at this moment. The copy is there when
   * it is complete; cut short, call it again. What runs of the original do meanwhile may or may not be in it, as if
   * they had been cut short. With `encryption`, all of the copy is encrypted.
   *
   * @throws CheckpointDataError `PLAINTEXT_REFUSED` with `encryption`, if a value of `from` is plain, unless
   *   `allowPlaintext` is on
   * @throws DynamoDBSaverError `INVALID_INPUT` if there is no thread `from`, it is deleted meanwhile, or there is one
   *   `to`
   */
  async copyThread(from: string, to: string, options?: LongWorkOptions<RestoreProgress>): Promise<RestoreProgress> {
    requireId("thread_id", from, "copyThread", "as the first argument");
    requireId("thread_id", to, "copyThread", "as the second argument");
    return this.#longWork(options, [], (storage) => copyThread(storage, from, to));
  }

  /**
   * A thread as lines of JSON, which {@link importThread} stores with the same values and ids. What expires lives on
   * for as long as it had left when it was exported. Values are as they are stored: what is encrypted stays so. The key
   * is needed to export it, and to import it under another id or `keyPrefix`; into another table, under the same ones,
   * it is not.
   *
   * @example
   * ```ts
   * for await (const line of checkpointer.exportThread("1")) file.write(line + "\n");
   * ```
   */
  async *exportThread(threadId: string): AsyncGenerator<string, void, undefined> {
    yield* exportThread(this.#storage, requireId("thread_id", threadId, "exportThread", "as the argument"));
  }

  /**
   * Stores a thread from the lines of {@link exportThread}. It is there when it is complete; cut short, call it again.
   * With `encryption`, all of it is encrypted. Who makes an export makes the thread's state: it is as trusted as the
   * table.
   *
   * @throws DynamoDBSaverError `INVALID_INPUT` if the lines are not a whole export, if another `keyPrefix` than this
   *   one or `fromKeyPrefix` had the thread, or if there is such a thread
   * @throws CheckpointDataError `PLAINTEXT_REFUSED` with `encryption`, if a value is plain, unless `allowPlaintext` is
   *   on
   */
  async importThread(
    lines: Lines,
    options?: ImportOptions & LongWorkOptions<RestoreProgress>,
  ): Promise<RestoreProgress> {
    return this.#longWork(options, IMPORT_OPTIONS, (storage) => importThread(storage, lines, options));
  }

  /**
   * Takes over the threads of any other LangGraph saver: `MemorySaver`, `SqliteSaver`, `PostgresSaver`. Cut short, call
   * it again: a checkpoint of the same id is stored again, and others are left alone. Pending writes keep the order in
   * which that saver gives them; what a task writes that only runs here comes after them.
   */
  async importFrom(
    saver: CheckpointSource,
    options: ImportFromOptions & LongWorkOptions<ImportFromProgress> = {},
  ): Promise<ImportFromResult> {
    return this.#longWork(options, IMPORT_FROM_OPTIONS, (storage) =>
      importFrom(storage, saver, options, this.#config.ttlSeconds),
    );
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
    return getDeltaHistory(this.#storage, threadId, ids, channels);
  }

  async #longWork<P, R>(
    options: LongWorkOptions<P> | undefined,
    known: readonly string[],
    start: (storage: Storage) => AsyncGenerator<P, R, undefined>,
  ): Promise<R> {
    return longWork(this.#storage, this.#config.signal, options, known, start);
  }

  /** What `configurable.ttl_seconds` says for this call, else the option. */
  #ttlSeconds(config: RunnableConfig): number | undefined {
    const given = (config.configurable as Record<string, unknown> | undefined)?.ttl_seconds;
    return given === undefined ? this.#config.ttlSeconds : checkTtl("configurable.ttl_seconds", given, invalidInput);
  }
}
