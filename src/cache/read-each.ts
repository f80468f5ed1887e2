import type { Item } from "../aws/dynamodb/items.js";
import { AwsRequestError, isDynamoDBSaverError } from "../errors.js";
import { DATA } from "../format/attributes.js";
import { FormatError } from "../format/format-error.js";
import type { Serialized } from "../format/serde/serialized.js";
import type { Backend } from "../payload/backend.js";
import { partOf, readParts } from "../store/entries/parts.js";

/**
 * Opens each of the entries that can be read, one after the other. One that cannot does no harm to the others: all that
 * went wrong is returned. No request more than for all of them together, unless that fails.
 */
export async function readEach(
  backend: Backend,
  items: Item[],
  maxBytes: number,
  open: (item: Item, part: Serialized) => Promise<void>,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  let at = 0;
  try {
    for await (const row of readParts(backend, items, DATA, maxBytes)) {
      for (const part of row) {
        const item = items[at++]!;
        if (part instanceof FormatError) failures.push(part);
        else await open(item, part).catch((error: unknown) => failures.push(error));
      }
    }
  } catch (error) {
    // Whichever it is of those whose bytes were asked for together.
    const rest = items.slice(at);
    if (rest.length === 1) return [...failures, error];
    const others = isOutage(error) ? await withoutSegments(backend, rest, maxBytes) : rest;
    for (let lost = rest.length - others.length; lost > 0; lost--) failures.push(error);
    const half = others.length < rest.length ? others.length : rest.length / 2;
    for (const some of [others.slice(0, half), others.slice(half)])
      failures.push(...(await readEach(backend, some, maxBytes, open)));
  }
  return failures;
}

/** Whether other entries would fail as well: a service that is busy or away is not asked for each of them. */
const isOutage = (error: unknown): boolean =>
  error instanceof AwsRequestError
    ? error.retryable
    : isDynamoDBSaverError(error) && ["ABORTED", "CREDENTIALS"].includes(error.code);

/** Those entries that are read without a request. */
async function withoutSegments(backend: Backend, items: Item[], maxBytes: number): Promise<Item[]> {
  const needsNone = await Promise.all(
    items.map((item) =>
      partOf(backend, item, DATA, maxBytes).then(
        ({ segments }) => segments.length === 0,
        () => true,
      ),
    ),
  );
  return items.filter((_, i) => needsNone[i]);
}
