import type { RunnableConfig } from "@langchain/core/runnables";
import { copyThread } from "./copy/copy-thread.js";
import type { RestoreProgress } from "./copy/restore.js";
import { DELETE_FOR_RUNS_OPTIONS, deleteForRuns, type DeleteForRunsOptions } from "./prune/delete-for-runs.js";
import { exportThread } from "./copy/export-thread.js";
import { IMPORT_OPTIONS, importThread, type ImportOptions, type Lines } from "./copy/import-thread.js";
import type { PruneResult } from "./prune/result.js";
import {
  IMPORT_FROM_OPTIONS,
  importFrom,
  type CheckpointSource,
  type ImportFromOptions,
  type ImportFromProgress,
  type ImportFromResult,
} from "./copy/import-from.js";
import { pruneSometimes } from "./prune/prune-sometimes.js";
import { longWork, type LongWorkOptions } from "./long-work.js";
import type { PruneProgress } from "./prune/each-thread.js";
import { prune } from "./prune/prune.js";
import { PRUNE_OPTIONS, type PruneOptions } from "./prune/options.js";
import type { LeaseInfo } from "../checkpoint/lease/errors.js";
import type { LeaseOptions } from "../checkpoint/lease/acquire.js";
import {
  acquireLease,
  breakLease,
  getLease,
  withLease,
  type AcquiredLease,
  type RunUnderLease,
} from "../checkpoint/lease/held.js";
import { CheckpointSaver, internalsOf } from "../checkpoint/saver.js";
import { requireId } from "../checkpoint/ids.js";
import type { Storage } from "../checkpoint/storage.js";
import { withEnv } from "../config/config.js";
import type { DynamoDBSaverOptions } from "../options.js";

const threadIdFor = (method: string, threadId: string): string =>
  requireId("thread_id", threadId, method, "as the first argument");

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
export class DynamoDBSaver extends CheckpointSaver {
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

  override async put(...given: Parameters<CheckpointSaver["put"]>): Promise<RunnableConfig> {
    const config = await super.put(...given);
    const { storage, leases } = internalsOf(this);
    const lease = leases.of(storage, given[0], config.configurable?.thread_id as string);
    if (storage.superseded) await pruneSometimes(storage, config, lease?.token);
    return config;
  }

  /**
   * Runs something that has a thread to itself. 2 requests, and 1 for each third of `leaseSeconds` that the run takes;
   * 2 more on a thread that has no checkpoint yet. A holder that dies stops those who wait for `leaseSeconds` at
   * most, and others 5 seconds longer, where clocks agree. Effects of its nodes outside are at least once: give them a
   * key.
   *
   * @throws ThreadBusyError at once, or after `waitSeconds`
   * @throws LeaseLostError where the lease has ended before the run has
   *
   * @example
   * ```ts
   * await checkpointer.withLease("thread-1", ({ configurable, signal }) =>
   *   graph.invoke(new Command({ resume }), { configurable: { thread_id: "thread-1", ...configurable }, signal }),
   * );
   * ```
   */
  async withLease<T>(threadId: string, run: RunUnderLease<T>, options?: LeaseOptions): Promise<T> {
    const { storage, leases } = internalsOf(this);
    return withLease(storage, leases, threadIdFor("withLease", threadId), run, options);
  }

  /**
   * As {@link withLease}, for what cannot be one function. Puts renew the lease beside them; who puts nothing for as
   * long as `leaseSeconds` calls `renew()`. Release it in a `finally`.
   *
   * @throws ThreadBusyError at once, or after `waitSeconds`
   */
  async acquireLease(threadId: string, options?: LeaseOptions): Promise<AcquiredLease> {
    const { storage, leases } = internalsOf(this);
    return acquireLease(storage, leases, threadIdFor("acquireLease", threadId), options);
  }

  /** Who has a thread; `undefined` where nobody has it. 1 request. */
  async getLease(threadId: string): Promise<LeaseInfo | undefined> {
    return getLease(internalsOf(this).storage, threadIdFor("getLease", threadId));
  }

  /**
   * Frees a thread whose holder is known to be dead. One that lives gets a {@link LeaseLostError}. 2 requests.
   *
   * @returns whose lease it was; `undefined` where nobody had one
   */
  async breakLease(threadId: string): Promise<LeaseInfo | undefined> {
    return breakLease(internalsOf(this).storage, threadIdFor("breakLease", threadId));
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
    yield* exportThread(internalsOf(this).storage, requireId("thread_id", threadId, "exportThread", "as the argument"));
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
   * which that saver applies them; what a task writes that only runs here comes after them.
   *
   * @throws DynamoDBSaverError `INVALID_INPUT` where a thread that `threadIds` names is not there; those before it are
   *   taken over
   */
  async importFrom(
    saver: CheckpointSource,
    options: ImportFromOptions & LongWorkOptions<ImportFromProgress> = {},
  ): Promise<ImportFromResult> {
    return this.#longWork(options, IMPORT_FROM_OPTIONS, (storage) =>
      importFrom(storage, saver, options, internalsOf(this).config.ttlSeconds),
    );
  }

  async #longWork<P, R>(
    options: LongWorkOptions<P> | undefined,
    known: readonly string[],
    start: (storage: Storage) => AsyncGenerator<P, R, undefined>,
  ): Promise<R> {
    const { storage, config } = internalsOf(this);
    return longWork(storage, config.signal, options, known, start);
  }
}
