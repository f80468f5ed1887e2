import { groupPages, segmentsOf } from "./groups.js";
import { NamespaceMarker, type MarkOptions } from "./mark-namespace.js";
import { Marks } from "./marks.js";
import { type Storage } from "../../checkpoint/storage.js";
import type { Thread } from "../../checkpoint/refs.js";

/**
 * Reads all checkpoints of a thread, newest first, and judges them: which stay, which are hidden, and what those need.
 * Nothing is kept in memory of those that stay but their ids.
 *
 * @returns what it has found; what it yields is how many checkpoints it has read
 */
export async function* mark(
  storage: Storage,
  thread: Thread,
  options: MarkOptions,
): AsyncGenerator<number, Marks, undefined> {
  const marks = new Marks(storage.codec.meter());
  let namespace: NamespaceMarker | undefined;
  let read = 0;
  for await (const groups of groupPages(storage, thread, options)) {
    for (const group of groups) {
      const { item, writes, strays } = group;
      for (const { SK } of strays) marks.addStray(SK.S);
      if (!item) {
        for (const { SK } of writes) marks.addStray(SK.S);
        for await (const segment of segmentsOf(storage, group, () => (marks.released = undefined)))
          marks.hold(marks.markedByStray, segment);
        continue;
      }
      if (namespace?.ns !== group.ns) {
        await namespace?.end();
        namespace = new NamespaceMarker(storage, thread, group.ns, options, marks);
      }
      await namespace.judge(group, item);
      read++;
    }
    yield read;
  }
  await namespace?.end();
  return marks;
}
