import { segmentCopy } from "../format/keys.js";
import { allValues, type StoredCheckpoint } from "../checkpoint/read/open.js";
import type { Storage } from "../checkpoint/storage.js";
import type { Row } from "./timeline-rows.js";
import { problemOf, ValueReader, type Problem } from "./tolerant-read.js";
import type { Value } from "../format/value.js";

/** The parts whose segments are not stored. */
export function incomplete({ stored, absent }: Row): Problem[] {
  if (!stored || !absent || absent.size === 0) return [];
  return namedValues(stored).flatMap(([part, { segments }]) => {
    const gone = segments.filter((segment) => absent.has(segmentCopy(segment)));
    return gone.length === 0
      ? []
      : [
          {
            code: "MISSING_DATA" as const,
            message: `Segment ${gone[0]!.name} is missing${gone.length > 1 ? `, and ${gone.length - 1} more` : ""}`,
            part,
          },
        ];
  });
}

/** The parts that cannot be read. */
export async function unreadable(storage: Storage, { stored, items }: Row): Promise<Problem[]> {
  if (!stored) return [];
  const reader = new ValueReader(storage, items.thread);
  await reader.load(allValues(stored));
  const found: Problem[] = [];
  for (const [part, value] of namedValues(stored)) {
    try {
      await reader.read(value);
    } catch (error) {
      found.push(problemOf(error, part));
    }
  }
  return found;
}

/** Every value of a checkpoint with the name of the part that it is. */
function namedValues({ frame, tasks }: StoredCheckpoint): [part: string, value: Value][] {
  return [
    ["(checkpoint)", frame.checkpoint],
    ["(metadata)", frame.metadata],
    ...[...frame.channels].map(([name, { value }]): [string, Value] => [name, value]),
    ...tasks.flatMap(({ taskId, attributes }) =>
      attributes.map(({ value }): [string, Value] => [`(writes of task ${taskId})`, value]),
    ),
  ];
}
