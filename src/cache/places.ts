import type { CacheFullKey, CacheNamespace } from "@langchain/langgraph-checkpoint";
import type { Key } from "../aws/dynamodb/items.js";
import { escapeId, key, shortened } from "../format/keys.js";
import { shardOf, SHARDS } from "../format/shards.js";
import { textOf } from "../store/namespaces.js";

/** A sort key is `I{prefix}#{namespace}#{key}`. Those of segments begin with `S` and `P`. */
const ENTRIES = "I";
/** Bytes of its parts: DynamoDB takes 1,024 together. */
const LIMIT = { prefix: 100, namespace: 500, key: 400 };

/** Where the entries of one cache lie. */
export class CachePlaces {
  constructor(
    private readonly keyPrefix: string,
    private readonly prefix: string,
  ) {}

  get partitions(): string[] {
    return Array.from({ length: SHARDS }, (_, shard) => this.#partition(shard));
  }

  async of([namespace, cacheKey]: CacheFullKey): Promise<Key> {
    const sortKey = (await this.below(namespace)) + (await shortened(escapeId(cacheKey), LIMIT.key)).text;
    return key(this.#partition(shardOf(sortKey)), sortKey);
  }

  /** What the sort keys of a namespace begin with. */
  async below(namespace: CacheNamespace): Promise<string> {
    const parts = [this.all(), shortened(textOf(namespace), LIMIT.namespace).then(({ text }) => `${text}#`)];
    return (await Promise.all(parts)).join("");
  }

  /** What the sort keys of this cache begin with, and those of no other: no part of a key has a `#`. */
  async all(): Promise<string> {
    return `${ENTRIES}${(await shortened(escapeId(this.prefix), LIMIT.prefix)).text}#`;
  }

  #partition(shard: number): string {
    return `${this.keyPrefix}X#${shard}`;
  }
}
