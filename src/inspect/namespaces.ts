import { invalidInput } from "../errors.js";
import { keyPart, namespacePrefix } from "../format/keys.js";
import { checkpointPages, NAMESPACE_ORDER, namespaceRange } from "../checkpoint/read/pages.js";
import type { Storage } from "../checkpoint/storage.js";
import { threadOf, type Thread } from "../checkpoint/refs.js";
import { livingIncarnation } from "./living-incarnation.js";

/** Named in an error: more of them nobody reads. */
const NAMED = 20;

/**
 * Makes sure that a namespace of a thread has checkpoints: 2 requests.
 * @throws DynamoDBSaverError `INVALID_INPUT`, naming those that have: 1 request each
 */
export async function requireNamespace(storage: Storage, threadId: string, ns: string): Promise<void> {
  const thread = await threadOf(storage, threadId);
  const born = await livingIncarnation(storage, thread);
  const range = namespaceRange(await keyPart("namespace", ns));
  if ((await newestIn(storage, thread, range, born)) !== undefined) return;
  const there: string[] = [];
  for await (const one of namespaces(storage, thread, born)) {
    there.push(JSON.stringify(one));
    if (there.length === NAMED) break;
  }
  throw invalidInput(
    `Thread ${JSON.stringify(threadId)} has no checkpoint in namespace ${JSON.stringify(ns)}. Those that have: ` +
      `${there.join(", ")}${there.length === NAMED ? ", …" : ""}.`,
  );
}

/** The namespaces that have checkpoints, the root first: 1 request each, and 3 more. */
async function* namespaces(storage: Storage, thread: Thread, born: string): AsyncGenerator<string> {
  for (const [from, to] of NAMESPACE_ORDER) {
    for (let end = to; ;) {
      const ns = await newestIn(storage, thread, { between: [from, end] }, born);
      if (ns === undefined) break;
      yield ns;
      // What comes before all of it.
      end = namespacePrefix(await keyPart("namespace", ns));
      if (ns === "" || end <= from) break;
    }
  }
}

/** The namespace of the checkpoint with the highest key. */
async function newestIn(
  storage: Storage,
  thread: Thread,
  range: Parameters<typeof checkpointPages>[2],
  born: string,
): Promise<string | undefined> {
  const consistent = { ...storage, consistentRead: true };
  for await (const [first] of checkpointPages(consistent, thread, range, [LIMIT, 10 * LIMIT], undefined, born))
    if (first) return first.ns;
  return undefined;
}

/** The checkpoint, and what some tasks have written to it. */
const LIMIT = 10;
