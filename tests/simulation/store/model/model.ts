import { fail } from "../../model/shown.js";
import type { Config, Write } from "./records.js";
import { Register } from "./register.js";

/** Where something is, in which of the worlds that a key prefix makes. */
export interface Place {
  room: "store" | "cache";
  keyPrefix: string;
  namespace: string[];
  key: string;
}

/** Labels and keys can be long. */
export const brief = (text: string): string => (text.length > 30 ? `${text.slice(0, 12)}…(${text.length})` : text);

export const showPlace = ({ room, keyPrefix, namespace, key }: Place): string =>
  `${room === "cache" ? "cache " : ""}${keyPrefix}[${namespace.map(brief).join(", ")}] ${brief(key)}`;

export const startsWith = (namespace: string[], prefix: string[]): boolean =>
  prefix.every((label, i) => namespace[i] === label);

/** What the contract of LangGraph's stores and caches says of a history. */
export class StoreModel {
  readonly places = new Map<string, { place: Place; register: Register }>();
  /** Every value by its id. */
  readonly values = new Map<string, { write: Write; place: Place }>();

  constructor(readonly slackMs: number) {}

  register(place: Place): Register {
    const key = JSON.stringify([place.room, place.keyPrefix, place.namespace, place.key]);
    let known = this.places.get(key);
    if (!known) this.places.set(key, (known = { place, register: new Register(showPlace(place), this.slackMs) }));
    return known.register;
  }

  /** The places of a room that were ever written to. */
  written(room: Place["room"], keyPrefix: string): { place: Place; register: Register }[] {
    return [...this.places.values()].filter(
      ({ place, register }) => place.room === room && place.keyPrefix === keyPrefix && register.writes.length > 0,
    );
  }

  add(place: Place, write: Write): void {
    this.register(place).writes.push(write);
    if (write.value) this.values.set(write.value.id, { write, place });
  }

  /** Which write a value that was read is of. */
  writeOf(place: Place, value: unknown, shown: string): Write {
    const id = (value as { id?: unknown } | null)?.id;
    const known = typeof id === "string" ? this.values.get(id) : undefined;
    if (!known) fail(`A value that nobody has put: ${shown.slice(0, 200)} in ${showPlace(place)}`);
    if (showPlace(known.place) !== showPlace(place))
      fail(`The value of another key: ${showPlace(place)} has that of ${showPlace(known.place)}`);
    if (known.write.value!.shown !== shown)
      fail(
        `A value is not what was put: in ${showPlace(place)}, put ${known.write.value!.shown.slice(0, 300)}, got ` +
          shown.slice(0, 300),
      );
    return known.write;
  }

  /**
   * @returns what may be where now
   * @throws Violation for the first read that nothing explains
   */
  check(): Map<Register, Config[]> {
    return new Map([...this.places.values()].map(({ register }) => [register, register.check()]));
  }
}
