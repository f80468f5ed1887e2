import type { Item } from "../aws/dynamodb/items.js";
import { AwsRequestError, DynamoDBSaverError, isDataCode, type DynamoDBSaverErrorCode } from "../errors.js";
import { FormatError } from "../format/format-error.js";
import { parseSortKey } from "../format/keys.js";
import type { CheckpointItems } from "../checkpoint/read/pages.js";
import { plainSerde } from "../format/serde/plain-serde.js";
import { openCheckpoint, openWrites, type StoredCheckpoint } from "../checkpoint/read/open.js";
import type { LoadedSegments } from "../payload/segment-store.js";
import { deserialized } from "../format/serde/serialized.js";
import type { Storage } from "../checkpoint/storage.js";
import type { Thread } from "../checkpoint/refs.js";
import { join, type Value } from "../format/value.js";

/*
 * Reading for people who look for what is broken: one part that cannot be read does not hide the others. Requests that
 * fail are another matter, unless it is S3 that some values lie in.
 */

/** A part that cannot be read, and why. */
export interface Problem {
  code: DynamoDBSaverErrorCode;
  /** Holds no stored value. */
  message: string;
  /**
   * A channel's name, `"(checkpoint)"`, `"(metadata)"`, or `"(writes of task …)"`; absent where it is all of the
   * checkpoint.
   */
  part?: string | undefined;
}

/** What an error says of stored data. Throws it again if it says something else. */
export function problemOf(error: unknown, part?: string): Problem {
  if (error instanceof FormatError) return { code: error.code, message: error.message, part };
  if (error instanceof DynamoDBSaverError && isOfOneValue(error)) {
    // The cause has the same message without the place, which is known here.
    return { code: error.code, message: error.message.replace(/ \(thread .*\)$/s, ""), part };
  }
  throw error;
}

function isOfOneValue(error: DynamoDBSaverError): boolean {
  // A value lies in S3, and the options do not say where.
  return (
    isDataCode(error.code) ||
    error.code === "INVALID_CONFIG" ||
    (error instanceof AwsRequestError && error.service === "s3" && error.code !== "ABORTED")
  );
}

/** A checkpoint with those of its writes that can be read; `undefined` in place of one that cannot. */
export async function openReadable(
  storage: Storage,
  items: CheckpointItems,
): Promise<{ stored: StoredCheckpoint | undefined; problems: Problem[] }> {
  const open = (writes: Item[], writeBytes = 0): Promise<StoredCheckpoint> =>
    openCheckpoint(storage, { ...items, writes, writeBytes });
  try {
    return { stored: await open(items.writes, items.writeBytes), problems: [] };
  } catch (error) {
    problemOf(error);
  }
  const problems: Problem[] = [];
  try {
    await open([]);
  } catch (error) {
    return { stored: undefined, problems: [problemOf(error)] };
  }
  const writes: Item[] = [];
  for (const write of items.writes) {
    try {
      await openWrites(storage, items, write);
      writes.push(write);
    } catch (error) {
      problems.push(problemOf(error, `(writes in ${parseSortKey(write.SK.S).task})`));
    }
  }
  try {
    return { stored: await open(writes, items.writeBytes), problems };
  } catch (error) {
    // Each can be read, and all of them together cannot.
    return { stored: await open([]), problems: [...problems, problemOf(error, "(writes)")] };
  }
}

/** Values of one thread, each of which can be read or not. */
export class ValueReader {
  readonly #segments = new Map<string, Uint8Array | FormatError>();
  readonly #failures = new Map<string, unknown>();

  constructor(
    private readonly storage: Storage,
    private readonly thread: Thread,
  ) {}

  /** Fetches what these values refer to, at once where that succeeds. */
  async load(values: Iterable<Value>): Promise<void> {
    const all = [...values].filter(({ segments }) => segments.length > 0);
    if (all.length === 0) return;
    const load = async (some: Value[]): Promise<LoadedSegments> =>
      this.storage.segments.load(this.thread.partition, some);
    try {
      for (const [name, bytes] of await load(all)) this.#segments.set(name, bytes);
      // Where one is missing, others may not have been looked for everywhere.
      for (const value of all.filter(({ segments }) => segments.some(({ name }) => !this.#segments.has(name))))
        for (const [name, bytes] of await load([value])) this.#segments.set(name, bytes);
      return;
    } catch (error) {
      problemOf(error);
    }
    for (const segment of all.flatMap(({ segments }) => segments)) {
      try {
        for (const [name, bytes] of await load([{ type: "bytes", segments: [segment], tail: new Uint8Array() }]))
          this.#segments.set(name, bytes);
      } catch (error) {
        problemOf(error);
        this.#failures.set(segment.name, error);
      }
    }
  }

  /** The bytes of a value that was loaded. @throws what `problemOf` knows */
  bytes(value: Value): Uint8Array {
    const failed = value.segments.find(({ name }) => this.#failures.has(name) && !this.#segments.has(name));
    if (failed) throw this.#failures.get(failed.name);
    return join(value, this.#segments);
  }

  /** JSON as the saver's serde wrote it, or the bytes that are of another type. */
  async read(value: Value): Promise<unknown> {
    const bytes = this.bytes(value);
    return value.type === "json" ? deserialized(plainSerde, { type: value.type, bytes }) : bytes;
  }
}
