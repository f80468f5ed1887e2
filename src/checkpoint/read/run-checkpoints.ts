import { idIn, RUN } from "../../format/id-attribute.js";
import { keyPart } from "../../format/keys.js";
import { isEnded } from "../../payload/lifetime.js";
import { idTime } from "../ids.js";
import { threadOf } from "../refs.js";
import type { Storage } from "../storage.js";
import { checkpointPages, namespaceRange } from "./pages.js";

/** Clocks of machines are less than this apart. */
const APART_MS = 10_000;
const LIMITS = [25, 100];

/**
 * The root graph's checkpoints with the runs that have put them, newest first, as far back as a time: 1 request a page.
 *
 * @param since in milliseconds since 1970
 */
export async function* runCheckpoints(
  storage: Storage,
  threadId: string,
  since: number,
): AsyncGenerator<{ id: string; runId: string | undefined }, void, undefined> {
  const thread = await threadOf(storage, threadId);
  const range = namespaceRange(await keyPart("namespace", ""));
  for await (const page of checkpointPages(storage, thread, range, LIMITS, isEnded))
    for (const { id, item } of page) {
      if ((idTime(id) ?? since) < since - APART_MS) return;
      yield { id, runId: idIn(item, RUN) };
    }
}
