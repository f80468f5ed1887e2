import type { Item } from "../aws/dynamodb/items.js";
import { AwsRequestError, isDynamoDBSaverError } from "../errors.js";
import { DATA } from "../format/attributes.js";
import type { Serialized } from "../format/serde/serialized.js";
import { keyOf } from "../format/keys.js";
import type { Backend } from "../payload/backend.js";
import type { Entries } from "../store/entries/known.js";
import { isSameVersion, isUnreadable, MAX_READS, partOf, readEntries, readParts } from "../store/entries/parts.js";

/**
 * Opens each of the entries that can be read, one after the other. One that cannot does no harm to the others: all that
 * went wrong is returned. No request more than for all of them together, unless that fails; and 1 for each that is
 * being replaced.
 *
 * @param reads how many times these entries were read
 */
export async function readEach(
  entries: Entries,
  items: Item[],
  maxBytes: number,
  open: (item: Item, part: Serialized) => Promise<void>,
  reads = 1,
): Promise<unknown[]> {
  let failures: unknown[] = [];
  let at = 0;
  try {
    for await (const row of readParts(entries.backend, items, DATA, maxBytes)) {
      for (const part of row) {
        const item = items[at++]!;
        if (isUnreadable(part)) {
          const later = part.code === "MISSING_DATA" && reads < MAX_READS ? await laterVersion(entries, item) : item;
          if (later === item) failures.push(part);
          else if (later) failures = failures.concat(await readEach(entries, [later], maxBytes, open, reads + 1));
        } else await open(item, part).catch((error: unknown) => failures.push(error));
      }
    }
  } catch (error) {
    // Whichever it is of those whose bytes were asked for together.
    const rest = items.slice(at);
    if (rest.length === 1) return [...failures, error];
    const others = isOutage(error) ? await withoutSegments(entries.backend, rest, maxBytes) : rest;
    for (let lost = rest.length - others.length; lost > 0; lost--) failures.push(error);
    const half = others.length < rest.length ? others.length : rest.length / 2;
    for (const some of [others.slice(0, half), others.slice(half)])
      failures = failures.concat(await readEach(entries, some, maxBytes, open, reads));
  }
  return failures;
}

/** Whether other entries would fail as well: a service that is busy or away is not asked for each of them. */
const isOutage = (error: unknown): boolean =>
  error instanceof AwsRequestError
    ? error.retryable
    : isDynamoDBSaverError(error) && ["ABORTED", "CREDENTIALS"].includes(error.code);

/** What is there instead, if another set has come between, and deleted the segments of what it replaced. */
async function laterVersion(entries: Entries, item: Item): Promise<Item | undefined> {
  const [there] = await readEntries(entries, [keyOf(item)], true);
  return there && isSameVersion(there, item) ? item : there;
}

/** Those entries that are read without a request. */
async function withoutSegments(backend: Backend, items: Item[], maxBytes: number): Promise<Item[]> {
  const needNone: Item[] = [];
  for (const item of items) {
    const part = await partOf(backend, item, DATA, maxBytes).catch(() => undefined);
    if (!part || part.segments.length === 0) needNone.push(item);
  }
  return needNone;
}
