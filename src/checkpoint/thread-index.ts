import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { Item } from "../aws/dynamodb/items.js";
import { checkLimit, checkObject, optional } from "../checks.js";
import { invalidInput } from "../errors.js";
import { stringOf } from "../format/attributes.js";
import { compareCodePoints } from "../format/code-points.js";
import { escapeId, idOf, key, keyPart } from "../format/keys.js";
import { isGone } from "../payload/lifetime.js";
import { SHARDS } from "../format/shards.js";

/** More than this is for DynamoDB to cut at 1 MB. */
const PAGE_LIMIT = 1_000;

/** A thread that has, or had, checkpoints. */
export interface ThreadInfo {
  /** LangGraph's `thread_id`. */
  threadId: string;
  /** When its first checkpoint was stored, ISO 8601. */
  createdAt: string;
  /** With `latest: true`: the latest checkpoint of its root namespace, if there is one. */
  latest?:
    | { checkpointId: string; /** LangGraph's number of the superstep; -1 is the input's. */ step: number | undefined }
    | undefined;
}

/** Which part of the threads `listThreads` gives. */
export interface ListThreadsOptions {
  /** Only threads whose ids begin so. */
  prefix?: string | undefined;
  /** At most this many threads. All by default. */
  limit?: number | undefined;
  /** Only threads after this id, for the next page. */
  after?: string | undefined;
  /** Whether to read each thread's latest checkpoint too: 1 request a thread. Default: `false`. */
  latest?: boolean | undefined;
}

const KNOWN_OPTIONS: readonly string[] = ["prefix", "limit", "after", "latest"] satisfies (keyof ListThreadsOptions)[];

/** The partition that a part of the threads is listed in. */
export const shardPartition = (keyPrefix: string, shard: number): string => `${keyPrefix}THREADS#${shard}`;

/** Which threads there are, in `SHARDS` partitions beside theirs. */
export class ThreadIndex {
  constructor(
    private readonly db: DynamoDB,
    private readonly keyPrefix: string,
    private readonly consistentRead: boolean,
  ) {}

  /**
   * All threads, in the order of their ids as they stand in a key.
   * @param consistent whether none may be missed that a replica does not show yet
   */
  async *list(
    options: ListThreadsOptions = {},
    consistent = this.consistentRead,
  ): AsyncGenerator<ThreadInfo, void, undefined> {
    checkObject("", options, KNOWN_OPTIONS, "{ limit: 20 }", invalidInput);
    const { limit = Infinity, after, prefix = "" } = options;
    checkLimit(limit);
    optional("after", after, "string", invalidInput);
    optional("prefix", prefix, "string", invalidInput);
    // Every id comes after none.
    const afterText = !after ? undefined : (await keyPart("thread", after)).text;
    const prefixText = escapeId(prefix);
    if (afterText !== undefined && !afterText.startsWith(prefixText) && compareCodePoints(afterText, prefixText) > 0)
      return;
    const shards = Array.from({ length: SHARDS }, (_, shard) =>
      this.#shard(shard, prefixText, afterText, limit, consistent),
    );
    try {
      const heads = await Promise.all(shards.map(async (items) => (await items.next()).value ?? undefined));
      for (let yielded = 0; yielded < limit; yielded++) {
        const first = heads.reduce<number | undefined>((best, head, shard) => {
          const better = head && (best === undefined || compareCodePoints(head.SK.S, heads[best]!.SK.S) < 0);
          return better ? shard : best;
        }, undefined);
        if (first === undefined) return;
        const item = heads[first]!;
        heads[first] = (await shards[first]!.next()).value ?? undefined;
        yield { threadId: await idOf(item.SK.S, stringOf(item, "thread")), createdAt: stringOf(item, "created") ?? "" };
      }
    } finally {
      await Promise.all(shards.map((items) => items.return()));
    }
  }

  async *#shard(
    shard: number,
    prefix: string,
    after: string | undefined,
    limit: number,
    consistent: boolean,
  ): AsyncGenerator<Item, void, undefined> {
    const partition = shardPartition(this.keyPrefix, shard);
    const pages = this.db.queryPages({
      partition,
      consistent,
      ...(limit < PAGE_LIMIT && { limit: Math.ceil(limit) }),
      ...(prefix !== "" && { beginsWith: prefix }),
      // DynamoDB takes no start that is outside of what is asked for.
      ...(after?.startsWith(prefix) && { after: key(partition, after) }),
    });
    for await (const page of pages) yield* page.filter((item) => !isGone(item));
  }
}
