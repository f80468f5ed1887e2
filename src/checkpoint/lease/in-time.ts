import { aborted, firstOf, unlessAborted } from "../../aws/client/abort.js";
import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import { DynamoDBSaverError } from "../../errors.js";

/** What ends some requests, beside the signal of their saver. */
interface Limits {
  /** Without it, as many attempts are made as for every request. */
  seconds: number | undefined;
  signal?: AbortSignal | undefined;
  /** What is thrown when the time is over. */
  late?: () => Error;
}

/**
 * What `work` gives with its requests to the table, unless its time is over first. It is left to itself then: what a
 * request does that arrives late is not known here, and changes nothing.
 *
 * @throws DynamoDBSaverError `ABORTED`, also before anything is sent; `TIMEOUT`
 */
export async function inTime<T>(
  db: DynamoDB,
  { seconds, signal, late = timedOut }: Limits,
  work: (db: DynamoDB) => Promise<T>,
): Promise<T> {
  const { stop, letGo } = firstOf(db.signal, signal);
  let error: Error | undefined;
  const end = (): void => stop.abort((error = late()));
  let timer: ReturnType<typeof setTimeout> | undefined;
  // In two parts: where a process was busy, an answer that is there already is read before the second one is over.
  if (seconds !== undefined)
    timer = setTimeout(() => {
      timer = setTimeout(end, seconds * 250);
    }, seconds * 750);
  try {
    if (!stop.signal.aborted) return await unlessAborted(stop.signal, work(db.until(stop.signal)));
  } catch (failure) {
    if (!stop.signal.aborted) throw failure;
  } finally {
    clearTimeout(timer);
    letGo();
  }
  throw error ?? aborted(stop.signal);
}

const timedOut = (): Error =>
  new DynamoDBSaverError("TIMEOUT", "No answer came in time. Where it is a lease's, that ends by itself.");
