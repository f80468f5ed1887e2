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
  /** The bucket's name. It has to be there: `setup()` does not create it. */
  bucket: string;
  /**
   * Buckets at the same endpoint in which savers with another `bucket` have put objects of these threads. They are read
   * and deleted there. What the table says of any other bucket is refused with `INVALID_CONFIG`: who can write to the
   * table would otherwise say where signed requests go. Default: none.
   */
  olderBuckets?: readonly string[] | undefined;
  /**
   * Goes first in every object's key, for example `"agents/"`: letters, digits, `_ . = : -` and single slashes, 200 at
   * most. Default: `""`.
   */
  prefix?: string | undefined;
  /**
   * URL of the service, for example of Cloudflare R2; plain `http` for this machine, and for others with
   * `allowInsecureEndpoint`. Default: `AWS_ENDPOINT_URL_S3`, then `AWS_ENDPOINT_URL`, then AWS's own for the region.
   */
  endpoint?: string | undefined;
  /**
   * Where the bucket is not in AWS it has keys of its own, as in Cloudflare R2. An object or an async function.
   * Default: the table's.
   */
  credentials?: AwsCredentials | AwsCredentialsProvider | undefined;
  /** The bucket's region; `"auto"` for R2. Default: the table's. */
  region?: string | undefined;
  /**
   * `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: only where a bucket has no name of its own, which
   * is where the endpoint is plain `http` or its host an IP address or a name without a dot, or where the bucket's name
   * has a dot.
   */
  forcePathStyle?: boolean | undefined;
  /**
   * A segment of this many bytes or more, as stored, is one object. Default: 350,000.
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
  /** Whether values without encryption are read too, while plain data is migrated. Default: `false`. */
  allowPlaintext?: boolean | undefined;
}

/** Options of {@link DynamoDBSaver}. AWS words are those of the AWS SDK v3. */
export interface DynamoDBSaverOptions {
  /**
   * The table, by its name or, in another account, by its ARN. It has the string keys `PK` and `SK`. `setup()` creates
   * it.
   * @throws `INVALID_CONFIG` unless it has 3 to 255 letters, digits, `_`, `-` or `.`, or is the ARN of a table.
   */
  tableName: string;
  /**
   * For example `"us-east-1"`. Default: `AWS_REGION`, then `AWS_DEFAULT_REGION`, where the runtime has an environment.
   */
  region?: string | undefined;
  /**
   * An object, or an async function that is asked again before its credentials expire; every credential
   * provider of the AWS SDK v3 fits. It may take `maxAttempts` times `requestTimeoutMs`, and then the call fails with
   * `CREDENTIALS`. Default: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
   */
  credentials?: AwsCredentials | AwsCredentialsProvider | undefined;
  /**
   * Lets a browser have credentials without a `sessionToken`, which last until someone revokes them. Every visitor can
   * read them there, so otherwise they are refused in pages and in a browser's workers. Elsewhere it changes nothing.
   * Default: `false`.
   */
  dangerouslyAllowBrowser?: boolean | undefined;
  /**
   * URL of the service, for example `"http://127.0.0.1:8000"` for DynamoDB Local; plain `http` for this machine
   * (`localhost`, `127.0.0.1` or `[::1]`, not for names below `localhost`), and for others with
   * `allowInsecureEndpoint`. Default: `AWS_ENDPOINT_URL_DYNAMODB`, then `AWS_ENDPOINT_URL`, then AWS's own for the
   * region.
   * @throws `INVALID_CONFIG` unless it is a URL that these allow, without a user name, a query or a fragment.
   */
  endpoint?: string | undefined;
  /**
   * Lets `endpoint` and `s3.endpoint` be plain `http` to another host than this machine, such as
   * `"http://dynamodb-local:8000"` of a compose file or `"http://host.docker.internal:8000"`. State, signatures and a
   * session token then travel in the clear, so it is for networks that you trust, and a browser refuses such an
   * endpoint all the same. Default: `DYNAMODB_ALLOW_INSECURE_ENDPOINT`, then `false`.
   */
  allowInsecureEndpoint?: boolean | undefined;
  /**
   * How new values are compressed, where that saves a tenth or more. Stored ones are read either way. Default:
   * `"gzip"`.
   */
  compression?: Compression | undefined;
  /** With it, large segments lie in S3 and the rest in DynamoDB. Without it, everything does. */
  s3?: S3Options | undefined;
  /**
   * How long a checkpoint lives, in seconds. What it shares with others lives longer, and is renewed before any of
   * them needs it. `configurable.ttl_seconds` overrides it for one call. Default: nothing expires.
   * @throws `INVALID_CONFIG` unless it is a positive number, 100 years at most.
   */
  ttlSeconds?: number | undefined;
  /**
   * Whether reading a checkpoint renews it too, so that a thread that is only read stays: twice a `ttlSeconds` at most.
   * Checkpoints then live for up to one and a half. Default: `false`.
   */
  refreshOnRead?: boolean | undefined;
  /**
   * What happens when two runs write to one thread. `"branch"`: both go on, and the checkpoint with the newest id is
   * the latest, as in every LangGraph saver. `"reject"`: a `put` whose parent is not the latest checkpoint of its
   * namespace fails with a `CheckpointConflictError`; so do forks and replays from older checkpoints. Costs 1 request a
   * `put`. Give all savers of a table the same. Default: `"branch"`.
   */
  conflict?: ConflictMode | undefined;
  /**
   * How much of a thread's past is kept. `"full"`: every checkpoint, for history, time travel and forks. `"latest"`:
   * the newest of each namespace, and in the table those of the last 30 seconds, for readers that are at them. Their
   * deletion is a request more for about every other put, and one put in 64 is followed by a `prune` of the thread. For
   * one run on a thread at a time. Default: `"full"`.
   */
  history?: HistoryMode | undefined;
  /** With it, values are encrypted before they are sent. Ids, times and sizes are not. */
  encryption?: EncryptionOptions | undefined;
  /**
   * No value may be longer, compressed or not: a defence against gzip bombs. The values of one checkpoint may have four
   * times that together. What is longer is refused with `VALUE_TOO_LARGE`. Default: 67,108,864 (64 MiB).
   * @throws `INVALID_CONFIG` unless it is a whole number from 1,024 to 2,147,483,647.
   */
  maxValueBytes?: number | undefined;
  /**
   * Goes first in every partition key, for example `"tenant-a#"`, so that IAM's `dynamodb:LeadingKeys` can keep
   * tenants apart. Default: `""`.
   * @throws `INVALID_CONFIG` when it is longer than 256 bytes.
   */
  keyPrefix?: string | undefined;
  /**
   * Turns values into bytes and back. Default: the package's own. Objects of LangChain's and LangGraph's have the bytes
   * that LangGraph's JsonPlusSerializer gives them. Plain data comes back as plain data, whatever it looks like. A
   * value that would not come back is refused with `INVALID_INPUT`, which names the value and the place in it.
   */
  serde?: SerializerProtocol | undefined;
  /** Sends the requests: for proxies, service bindings and tests. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
  /** Ends what is under way, and refuses what comes after, with the error `ABORTED`. */
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
   * Whether reads see every write that was acknowledged before. `false` halves their price: what is read may be a
   * moment old, but it is whole. Default: `true`.
   */
  consistentRead?: boolean | undefined;
  /**
   * Called after every request with its attempts, bytes, duration and consumed capacity, and before every
   * retry. What it throws is dropped, and what an async one rejects with.
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
  /** Both endpoints, where the variable for the one service is not set. */
  AWS_ENDPOINT_URL?: string | undefined;
  /** The option `allowInsecureEndpoint`: `true` or `1`, `false` or `0`. What is anything else is `INVALID_CONFIG`. */
  DYNAMODB_ALLOW_INSECURE_ENDPOINT?: string | boolean | undefined;
}
