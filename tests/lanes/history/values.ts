import { noise, noiseText } from "../savers/checkpoints.js";
import { Random } from "../hostile/random.js";

/*
 * What channels hold, in few words. The value itself follows from the thread, and from the checkpoint that wrote it:
 * one that belongs to another thread, checkpoint or branch is never the same.
 */

/** The name of the `DeltaChannel`. */
export const DELTA = "log";

export type Content =
  /** A growing list: the ids of the checkpoints that added to it. */
  | { kind: "messages"; from: readonly string[] }
  | { kind: "state"; from: string }
  /** One of a few documents that come back again and again, in every branch and after every deletion. */
  | { kind: "document"; variant: number }
  | { kind: "blob"; from: string; length: number }
  /** What a `DeltaChannel` holds at this checkpoint: the writes that it came from. */
  | { kind: "snapshot"; of: readonly string[] };

const seedOf = (...parts: string[]): number => new Random(parts.join(" ")).below(2 ** 31 - 1) + 1;

const text = (length: number, ...parts: string[]): string => noiseText(length, seedOf(...parts));

/** Makes the values of one thread. */
export class Values {
  readonly #texts = new Map<string, string>();

  constructor(private readonly threadId: string) {}

  of(content: Content): unknown {
    const { threadId } = this;
    switch (content.kind) {
      case "messages":
        return content.from.map((id) => ({
          type: "ai",
          id: `${threadId} ${id}`,
          text: this.#text(200 + (seedOf(threadId, id) % 1_200), "message", id),
        }));
      case "state":
        return {
          threadId,
          checkpointId: content.from,
          open: null,
          count: seedOf(threadId, content.from),
          nested: [{ text: "ä😀" }],
        };
      case "document":
        return this.#text(3_000 + 2_000 * content.variant, "document", String(content.variant));
      case "blob":
        return noise(content.length, seedOf(threadId, "blob", content.from));
      case "snapshot":
        return [...content.of];
    }
  }

  /** What a task writes. */
  write(call: number, index: number, length: number): { threadId: string; call: number; index: number; text: string } {
    return {
      threadId: this.threadId,
      call,
      index,
      text: text(length, this.threadId, "write", String(call), String(index)),
    };
  }

  /** What a task writes to a `DeltaChannel`: its name, and then letters. */
  delta(call: number, length: number): string {
    return `${this.threadId} ${call} ${text(length, this.threadId, "delta", String(call))}`;
  }

  #text(length: number, ...parts: string[]): string {
    const name = parts.join(" ");
    let known = this.#texts.get(name);
    if (known === undefined) this.#texts.set(name, (known = text(length, this.threadId, ...parts)));
    return known;
  }
}

/** Whether two values are the same, byte for byte. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return (
      a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i])
    );
  }
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) =>
        Object.hasOwn(b, name) && same((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
    )
  );
}
