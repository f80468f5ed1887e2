import { Random } from "../../lanes/hostile/random.js";

/** Of a few documents each comes again and again, in every channel, thread and history. */
const DOCUMENT_LENGTHS = [700, 1_400, 2_600, 6_500];

const known = new Map<string, string>();

/** Text that compresses a little, the same for the same name. */
export function text(name: string, length: number): string {
  const key = `${name} ${length}`;
  let made = known.get(key);
  if (made === undefined) {
    const random = new Random(key);
    made = name;
    while (made.length < length) made += ` ${Math.floor(random.next() * 2 ** 32).toString(36)}`;
    made = made.slice(0, Math.max(length, name.length));
    if (known.size > 5_000) known.clear();
    known.set(key, made);
  }
  return made;
}

export const document = (i: number): string => text(`document ${i}`, DOCUMENT_LENGTHS[i]!);

/** The same for two values that are the same, whatever the order of their keys. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      inner !== null && typeof inner === "object" && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? "undefined"
  );
}
