import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointListOptions, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { expandConfig, withEnv } from "../../config/config.js";
import { ambientEnv } from "../../config/environment.js";
import type { DynamoDBSaverOptions } from "../../options.js";
import { configIds } from "../ids.js";
import { getTuple } from "./get-tuple.js";
import { list } from "./list.js";
import { openStorage } from "../open-storage.js";
import { plainSerde } from "../../format/serde/plain-serde.js";
import type { Storage, Writing } from "../storage.js";
import type { ListThreadsOptions, ThreadInfo } from "../thread-index.js";

/**
 * Options of {@link DynamoDBReader}: those of `DynamoDBSaver`, of which those for writing (`ttlSeconds`,
 * `refreshOnRead`, `compression`, `conflict`) do nothing. `serde` is by default one that gives plain JSON.
 */
export type DynamoDBReaderOptions = DynamoDBSaverOptions;

/**
 * Reads the threads that a `DynamoDBSaver` keeps, without LangChain: for a page or a Worker that shows them.
 *
 * Values are plain JSON, with LangChain's objects in their serialized form. A message is `{ lc: 1, type: "constructor",
 * id: ["langchain_core", "messages", "AIMessage"], kwargs: { content: "…", … } }`. It writes nothing, so credentials
 * that may only read will do: `dynamodb:Query`, `GetItem`, `BatchGetItem`, and with `s3` `s3:GetObject`. Errors are
 * those of the saver. Plain data is as it was stored, also where it has that form itself: pass nothing of it to
 * LangChain's `load`.
 *
 * @example
 * ```ts
 * import { DynamoDBReader } from "langgraph-checkpoint-dynamodb/reader";
 *
 * const reader = new DynamoDBReader({ tableName: "langgraph-checkpoints", region: "us-east-1" });
 * for await (const { threadId } of reader.listThreads({ limit: 20 })) {
 *   const latest = await reader.getTuple({ configurable: { thread_id: threadId } });
 *   console.log(threadId, latest?.checkpoint.channel_values);
 * }
 * ```
 */
export class DynamoDBReader {
  // A private field: neither `inspect` nor `JSON.stringify` shows credentials.
  readonly #storage: Storage;

  /** @throws DynamoDBSaverError `INVALID_CONFIG` */
  constructor(options: DynamoDBReaderOptions) {
    const config = expandConfig(options, ambientEnv());
    this.#storage = openStorage(config, config.serde ?? plainSerde, nothing);
  }

  /**
   * A reader configured by environment variables, as `DynamoDBSaver.fromEnv` is.
   *
   * @param overrides options that come before the environment's
   * @throws DynamoDBSaverError `INVALID_CONFIG`
   */
  static fromEnv(
    env: Readonly<Record<string, unknown>> | object,
    overrides: Partial<DynamoDBReaderOptions> = {},
  ): DynamoDBReader {
    return new DynamoDBReader(withEnv(env, overrides));
  }

  /**
   * The checkpoint that `config` names, or the latest of its thread and namespace, with its pending writes; `undefined`
   * if there is none. The state of a `DeltaChannel` is not in it: only its graph can put that together.
   */
  async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    return (await getTuple(this.#storage, configIds(config)))?.tuple;
  }

  /**
   * Checkpoints, newest first within each namespace. Without `thread_id` those of all threads, without
   * `checkpoint_ns` those of all namespaces.
   *
   * @param options `limit`, `before` and `filter` as those of `DynamoDBSaver.list`
   */
  list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple, void, undefined> {
    return list(this.#storage, config, options);
  }

  /** The threads that have checkpoints, ordered by id. */
  async *listThreads(options: ListThreadsOptions = {}): AsyncGenerator<ThreadInfo, void, undefined> {
    yield* this.#storage.threads.list(options);
  }
}

function never(): never {
  throw new TypeError("A reader stores nothing.");
}

/** In place of what a saver stores with, which is a tenth of it. */
const nothing: Writing = {
  compress: never,
  writeOrder: { next: never, after: never },
  questions: undefined,
  superseded: undefined,
};
