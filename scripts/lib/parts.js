import { binaryLength } from "./raw-storage.js";
import { importSource } from "./saver.js";

/**
 * @import { RawItem, RawObject } from "./raw-storage.js"
 * @typedef {import("../../src/format/value.js").Value} Value
 */

/**
 * Where each part of a thread's latest checkpoint lies.
 *
 * @param {RawItem[]} items of the thread, by sort key
 * @param {RawObject[]} objects of the thread
 */
export async function describeParts(items, objects) {
  const { decodeFrame } = /** @type {typeof import("../../src/format/frame.js")} */ (
    await importSource("format/frame.ts")
  );
  const { decompress } = /** @type {typeof import("../../src/format/compression.js")} */ (
    await importSource("format/compression.ts")
  );
  const { FormatError } = /** @type {typeof import("../../src/format/format-error.js")} */ (
    await importSource("format/format-error.ts")
  );
  const { bornOf } = /** @type {typeof import("../../src/checkpoint/incarnation.js")} */ (
    await importSource("checkpoint/incarnation.ts")
  );
  const { segmentSortKey } = /** @type {typeof import("../../src/format/keys.js")} */ (
    await importSource("format/keys.ts")
  );

  const latest = items.findLast((item) => /^C#.*#~[\w-]*$/.test(item.SK?.S ?? ""));
  if (!latest) throw new Error("The thread has no checkpoint.");
  const frame = decompress(
    Buffer.from(latest.data?.B ?? "", "base64"),
    2 ** 24,
    () => new FormatError("VALUE_TOO_LARGE", "a part is too large"),
  );
  const { channels, checkpoint, metadata } = decodeFrame(frame, {
    goneAt: Infinity,
    token: 0,
    born: bornOf(/** @type {Parameters<typeof bornOf>[0]} */ (latest)),
  });

  /** @param {string} name @param {Value} value */
  const describe = (name, { segments, tail }) => {
    const inItems = segments.flatMap((segment) => items.filter((item) => item.SK?.S === segmentSortKey(segment)));
    const inObjects = segments.flatMap(({ born, name }) =>
      objects.filter(({ key }) => key.endsWith(`/${born}-${name}`)),
    );
    if (inItems.length + inObjects.length < segments.length)
      throw new Error(`A segment of ${name} is neither in the table nor in the bucket.`);
    return {
      name,
      bytes: segments.reduce((sum, segment) => sum + segment.length, tail.length),
      inline: tail.length,
      inItems: inItems.reduce((sum, item) => sum + binaryLength(item.data?.B), 0),
      objects: inObjects,
    };
  };
  const parts = [...channels].map(([name, { value }]) => describe(name, value));
  parts.push(describe("(checkpoint)", checkpoint), describe("(metadata)", metadata));
  return parts.sort((a, b) => b.bytes - a.bytes);
}
