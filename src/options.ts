import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { Fetch } from "./aws/client.js";
import type { AwsCredentials, AwsCredentialsProvider } from "./aws/credentials.js";
import type { EventListener } from "./aws/events.js";
import type { Compression } from "./checkpoint/compression.js";
import type { EncryptionKey } from "./checkpoint/encryption.js";
import type { ConflictMode } from "./checkpoint/head.js";
import type { HistoryMode } from "./checkpoint/latest-only.js";

/** Where large values go. Credentials are those of the table. */
export interface S3Options {
  bucket: string;
  /** Goes first in every key: letters, digits, `_ . = : -` and slashes, 200 at most. Default: `""`. */
  prefix?: string | undefined;
  /** URL of the service, for example of Cloudflare R2; plain `http` for this machine only. Default: `AWS_ENDPOINT_URL_S3`, then AWS's own. */
  endpoint?: string | undefined;
  /** `"auto"` for R2. Default: the table's. */
  region?: string | undefined;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: only where the host is an IP address, or the bucket's name has a dot. */
  forcePathStyle?: boolean | undefined;
  /** A segment of this many bytes or more, as stored, is one object; 380,000 at most. Default: 350,000. */
  thresholdBytes?: number | undefined;
}

/** AES-256-GCM on this side of the network. */
export interface EncryptionOptions {
  /** 32 bytes, or an AES-GCM `CryptoKey` with the usages `encrypt` and `decrypt`. */
  key: EncryptionKey;
  /** Keys that older values were written with. New ones are written with `key`. */
  olderKeys?: readonly EncryptionKey[] | undefined;
  /** Whether values without encryption are read too, while plain data is migrated. Default: `false`. */
  allowPlaintext?: boolean | undefined;
}

/** Options of {@link DynamoDBSaver}. AWS words are those of the AWS SDK v3. */
export interface DynamoDBSaverOptions {
  /** The table: string keys `PK` and `SK`. `setup()` creates it. */
  tableName: string;
  /** For example `"us-east-1"`. Default: `AWS_REGION`, then `AWS_DEFAULT_REGION`, where the runtime has an environment. */
  region?: string | undefined;
  /**
   * An object, or an async function that is asked again before its credentials expire; every credential
   * provider of the AWS SDK v3 fits. Default: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
   */
  credentials?: AwsCredentials | AwsCredentialsProvider | undefined;
  /**
   * URL of the service, for example `"http://127.0.0.1:8000"` for DynamoDB Local; plain `http` for this machine
   * only. Default: `AWS_ENDPOINT_URL_DYNAMODB`, then `AWS_ENDPOINT_URL`, then AWS's own for the region.
   */
  endpoint?: string | undefined;
  /** How new values are compressed, where that saves a tenth or more. Stored ones are read either way. Default: `"gzip"`. */
  compression?: Compression | undefined;
  /** With it, large segments lie in S3 and the rest in DynamoDB. Without it, everything does. */
  s3?: S3Options | undefined;
  /**
   * How long a checkpoint lives, in seconds. What it shares with others lives longer, and is renewed before any of
   * them needs it. `configurable.ttl_seconds` overrides it for one call. Default: nothing expires.
   */
  ttlSeconds?: number | undefined;
  /** Whether reading a checkpoint renews it too, so that a thread that is only read stays. Default: `false`. */
  refreshOnRead?: boolean | undefined;
  /**
   * What happens when two runs write to one thread. `"branch"`: both go on, and the checkpoint with the newest id is the
   * latest, as in every LangGraph saver. `"reject"`: a `put` whose parent is not the latest checkpoint of its namespace
   * fails with a `CheckpointConflictError`; so do forks and replays from older checkpoints. Costs 1 request a `put`.
   * Give all savers of a table the same. Default: `"branch"`.
   */
  conflict?: ConflictMode | undefined;
  /**
   * How much of a thread's past is kept. `"full"`: every checkpoint, for history, time travel and forks. `"latest"`: the newest of
   * each namespace, and the one before it until the next step; a put is no more requests than before, but for a `prune` of the
   * thread after one put in 64. For one run on a thread at a time. Default: `"full"`.
   */
  history?: HistoryMode | undefined;
  /** With it, values are encrypted before they are sent. Ids, times and sizes are not. */
  encryption?: EncryptionOptions | undefined;
  /** No value may be longer, compressed or not: a defence against gzip bombs. Default: 67,108,864 (64 MiB). */
  maxValueBytes?: number | undefined;
  /**
   * Goes first in every partition key, for example `"tenant-a#"`, so that IAM's `dynamodb:LeadingKeys` can keep
   * tenants apart. At most 256 bytes. Default: `""`.
   */
  keyPrefix?: string | undefined;
  /** Turns values into bytes and back. Default: LangGraph's own, as every saver has it. */
  serde?: SerializerProtocol | undefined;
  /** Sends the requests. Default: the global `fetch`. For proxies, service bindings and tests. */
  fetch?: Fetch | undefined;
  /** Ends what is under way, and refuses what comes after. */
  signal?: AbortSignal | undefined;
  /** How many times a request is sent at most, the first included. Default: 4. */
  maxAttempts?: number | undefined;
  /** How long one attempt may take, in milliseconds. Default: 10,000. */
  requestTimeoutMs?: number | undefined;
  /** How many requests may be under way at once. Default: 50. */
  maxConcurrency?: number | undefined;
  /** Whether reads see every write that was acknowledged before. `false` halves their price. Default: `true`. */
  consistentRead?: boolean | undefined;
  /**
   * Called after every request with its attempts, bytes, duration and consumed capacity, and before every
   * retry. What it throws is dropped.
   */
  onEvent?: EventListener | undefined;
}

/** The environment variables that `fromEnv` reads. */
export interface DynamoDBSaverEnv {
  DYNAMODB_TABLE_NAME?: string | undefined;
  AWS_REGION?: string | undefined;
  AWS_DEFAULT_REGION?: string | undefined;
  AWS_ACCESS_KEY_ID?: string | undefined;
  AWS_SECRET_ACCESS_KEY?: string | undefined;
  AWS_SESSION_TOKEN?: string | undefined;
  AWS_ENDPOINT_URL_DYNAMODB?: string | undefined;
  AWS_ENDPOINT_URL_S3?: string | undefined;
  AWS_ENDPOINT_URL?: string | undefined;
}
