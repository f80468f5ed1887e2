import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import type { Fetch } from "./aws/client/exchange.js";
import type { AwsCredentials, AwsCredentialsProvider } from "./aws/client/credentials.js";
import type { EventListener } from "./aws/client/events.js";

/** How new values are compressed. Old ones stay readable whatever this says. */
export type Compression = "gzip" | "none";

/**
 * 32 bytes, or an AES-GCM `CryptoKey` of WebCrypto with the usages `encrypt` and `decrypt`: in these words, because not
 * every TypeScript project has a type of that name.
 */
export type EncryptionKey =
  | Uint8Array
  | {
      readonly type: string;
      readonly extractable: boolean;
      readonly algorithm: { readonly name: string };
      readonly usages: readonly string[];
    };

/** What happens when two runs write to one thread. */
export type ConflictMode = "branch" | "reject";

/** How much history a saver keeps. */
export type HistoryMode = "full" | "latest";

/** Where large values go. */
export interface S3Options {
  /** The bucket's name. The bucket must exist: `setup()` does not create it. */
  bucket: string;
  /**
   * Buckets at the same endpoint in which savers with another `bucket` have put objects of these threads. The saver
   * reads and deletes these objects there. If the table names any other bucket, a call fails with `INVALID_CONFIG`:
   * otherwise, whoever can write to the table could choose where signed requests go. Default: none.
   */
  olderBuckets?: readonly string[] | undefined;
  /**
   * Every object's key begins with it, for example `"agents/"`: letters, digits, `_ . = : -` and single slashes, 200 at
   * most. Default: `""`.
   */
  prefix?: string | undefined;
  /**
   * URL of the service, for example of Cloudflare R2. Plain `http` is allowed to this machine, and with
   * `allowInsecureEndpoint` to other hosts. Default: `AWS_ENDPOINT_URL_S3`, then `AWS_ENDPOINT_URL`, then AWS's own for
   * the region.
   */
  endpoint?: string | undefined;
  /**
   * An object or an async function, as for the table. A bucket outside AWS, as in Cloudflare R2, has keys of its own.
   * Default: the table's.
   */
  credentials?: AwsCredentials | AwsCredentialsProvider | undefined;
  /** The bucket's region; `"auto"` for R2. Default: the table's. */
  region?: string | undefined;
  /**
   * Whether an object's address is `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: `true` if the
   * endpoint is plain `http`, if its host is an IP address or a name without a dot, or if the bucket's name has a dot.
   */
  forcePathStyle?: boolean | undefined;
  /**
   * A segment of this many bytes or more, as stored, becomes one object in S3. Default: 350,000.
   * @throws `INVALID_CONFIG` unless it is a whole number from 1 to 380,000.
   */
  thresholdBytes?: number | undefined;
}

/** AES-256-GCM on this side of the network. */
export interface EncryptionOptions {
  /**
   * 32 bytes, or an AES-GCM `CryptoKey` of 256 bits with the usages `encrypt` and `decrypt`.
   * @throws `INVALID_CONFIG` when it is anything else, a text for example.
   */
  key: EncryptionKey;
  /** Keys that older values were written with. New ones are written with `key`. */
  olderKeys?: readonly EncryptionKey[] | undefined;
  /** Whether unencrypted values are read too. Use it while you migrate unencrypted data. Default: `false`. */
  allowPlaintext?: boolean | undefined;
}

/** Options of {@link DynamoDBSaver}. AWS words are those of the AWS SDK v3. */
export interface DynamoDBSaverOptions {
  /**
   * The table's name, or its ARN if it is in another account. The table has the string keys `PK` and `SK`. `setup()`
   * creates it.
   * @throws `INVALID_CONFIG` unless it has 3 to 255 letters, digits, `_`, `-` or `.`, or is the ARN of a table.
   */
  tableName: string;
  /**
   * For example `"us-east-1"`. Default: `AWS_REGION`, then `AWS_DEFAULT_REGION`, where the runtime has an environment.
   */
  region?: string | undefined;
  /**
   * An object, or an async function that is called again before its credentials expire. Any credential provider of the
   * AWS SDK v3 can be used. If it takes longer than `maxAttempts` times `requestTimeoutMs`, the call fails with
   * `CREDENTIALS`. Default: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
   */
  credentials?: AwsCredentials | AwsCredentialsProvider | undefined;
  /**
   * Allows credentials without a `sessionToken` in a browser. Such credentials last until someone revokes them, and
   * every visitor of the page can read them. So by default they are refused in pages and in a browser's workers.
   * Elsewhere this option changes nothing. Default: `false`.
   */
  dangerouslyAllowBrowser?: boolean | undefined;
  /**
   * URL of the service, for example `"http://127.0.0.1:8000"` for DynamoDB Local. Plain `http` is allowed to this
   * machine (`localhost`, `127.0.0.1` or `[::1]`, but no name below `localhost`), and with `allowInsecureEndpoint` to
   * other hosts. Default: `AWS_ENDPOINT_URL_DYNAMODB`, then `AWS_ENDPOINT_URL`, then AWS's own for the region.
   * @throws `INVALID_CONFIG` unless it is such a URL, without a user name, a query or a fragment.
   */
  endpoint?: string | undefined;
  /**
   * Lets `endpoint` and `s3.endpoint` be plain `http` to another host than this machine, such as
   * `"http://dynamodb-local:8000"` of a compose file or `"http://host.docker.internal:8000"`. State, signatures and a
   * session token then travel unencrypted, so use it only in networks that you trust. A browser refuses such an
   * endpoint in any case. Default: `DYNAMODB_ALLOW_INSECURE_ENDPOINT`, then `false`.
   */
  allowInsecureEndpoint?: boolean | undefined;
  /**
   * How new values are compressed, where that saves a tenth or more. Stored values can be read with either setting.
   * Default: `"gzip"`.
   */
  compression?: Compression | undefined;
  /**
   * With this option, large segments are stored in S3, and the rest in DynamoDB. Without it, everything is in DynamoDB.
   */
  s3?: S3Options | undefined;
  /**
   * How long a checkpoint lives, in seconds. Data that it shares with other checkpoints lives longer, and is renewed
   * before one of them would lose it. `configurable.ttl_seconds` overrides it for one call. Default: nothing expires.
   * @throws `INVALID_CONFIG` unless it is a positive number, 100 years at most.
   */
  ttlSeconds?: number | undefined;
  /**
   * Whether reading a checkpoint renews it too, so that a thread that is only read stays. It is renewed at most twice
   * in one `ttlSeconds`. Checkpoints then live for up to 1.5 times `ttlSeconds`. Default: `false`.
   */
  refreshOnRead?: boolean | undefined;
  /**
   * What happens when two runs write to one thread. `"branch"`: both go on, and the checkpoint with the newest id is
   * the latest, as in every LangGraph saver. `"reject"`: a `put` whose parent is not the latest checkpoint of its
   * namespace fails with a `CheckpointConflictError`; so do forks and replays from older checkpoints. `"reject"` costs
   * 1 request per `put`. Give all savers of a table the same value. Default: `"branch"`.
   */
  conflict?: ConflictMode | undefined;
  /**
   * How much of a thread's past is kept. `"full"`: every checkpoint, for history, time travel and forks. `"latest"`:
   * the newest of each namespace. Superseded ones stay in the table for 30 seconds, for readers that still need them.
   * Deleting them costs one more request in about every second put, and one put in 64 is followed by a `prune` of the
   * thread. Use `"latest"` only where one run at a time works on a thread. Default: `"full"`.
   */
  history?: HistoryMode | undefined;
  /** With this option, values are encrypted before they are sent. Ids, times and sizes are not encrypted. */
  encryption?: EncryptionOptions | undefined;
  /**
   * The greatest length of a value, compressed or not, as a defence against gzip bombs. All values of one checkpoint
   * together may have four times that. Longer values are refused with `VALUE_TOO_LARGE`. Default: 67,108,864 (64 MiB).
   * @throws `INVALID_CONFIG` unless it is a whole number from 1,024 to 2,147,483,647.
   */
  maxValueBytes?: number | undefined;
  /**
   * Every partition key begins with it, for example `"tenant-a#"`, so that IAM's `dynamodb:LeadingKeys` can keep
   * tenants apart. Default: `""`.
   * @throws `INVALID_CONFIG` when it is longer than 256 bytes.
   */
  keyPrefix?: string | undefined;
  /**
   * Turns values into bytes and back. Default: the package's own. It stores objects of LangChain and LangGraph as the
   * same bytes as LangGraph's JsonPlusSerializer. Plain data comes back as plain data, whatever it looks like. A value
   * that would not come back is refused with `INVALID_INPUT`, and the error names the value and the place in it.
   */
  serde?: SerializerProtocol | undefined;
  /** Sends the requests: for proxies, service bindings and tests. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
  /** When it fires, calls that are under way end, and later calls are refused, with the error `ABORTED`. */
  signal?: AbortSignal | undefined;
  /**
   * How many times a request is sent at most, the first included. Default: 4.
   * @throws `INVALID_CONFIG` unless it is a whole number from 1 to 20.
   */
  maxAttempts?: number | undefined;
  /**
   * How long one attempt may take, in milliseconds. Default: 10,000.
   * @throws `INVALID_CONFIG` unless it is a whole number from 1 to 600,000.
   */
  requestTimeoutMs?: number | undefined;
  /**
   * How many requests of this saver may be under way at once. Default: 50.
   * @throws `INVALID_CONFIG` unless it is a whole number from 1 to 10,000.
   */
  maxConcurrency?: number | undefined;
  /**
   * Whether reads see every write that was acknowledged before. With `false`, reads cost half: a checkpoint may then be
   * a moment old, but it is always whole. Default: `true`.
   */
  consistentRead?: boolean | undefined;
  /**
   * Called after every request with its attempts, bytes, duration and consumed capacity, before every retry, and for
   * every warning. Errors that it throws or rejects with are dropped.
   */
  onEvent?: EventListener | undefined;
}

/** The environment variables that `fromEnv` reads. */
export interface DynamoDBSaverEnv {
  /** The option `tableName`. Only `fromEnv` reads it. */
  DYNAMODB_TABLE_NAME?: string | undefined;
  /** The option `region`. */
  AWS_REGION?: string | undefined;
  /** The option `region`, where `AWS_REGION` is not set. */
  AWS_DEFAULT_REGION?: string | undefined;
  /** The option `credentials`, together with `AWS_SECRET_ACCESS_KEY`. */
  AWS_ACCESS_KEY_ID?: string | undefined;
  /** The option `credentials`, together with `AWS_ACCESS_KEY_ID`. */
  AWS_SECRET_ACCESS_KEY?: string | undefined;
  /** The third part of temporary credentials. */
  AWS_SESSION_TOKEN?: string | undefined;
  /** The option `endpoint`. */
  AWS_ENDPOINT_URL_DYNAMODB?: string | undefined;
  /** The option `s3.endpoint`. */
  AWS_ENDPOINT_URL_S3?: string | undefined;
  /** Both endpoints, each where its own variable is not set. */
  AWS_ENDPOINT_URL?: string | undefined;
  /**
   * The option `allowInsecureEndpoint`: `true` or `1`, `false` or `0`. Anything else is refused with `INVALID_CONFIG`.
   */
  DYNAMODB_ALLOW_INSECURE_ENDPOINT?: string | boolean | undefined;
}
