import { invalidInput, itemText, StoreDataError, unreadable, type DynamoDBSaverError } from "../errors.js";
import { deserialized, serialized, type Serialized } from "../format/serde/serialized.js";
import { lifetime, type Lifetime } from "../payload/lifetime.js";
import type { Call } from "./entries/calls.js";
import { namespaceOf, type Namespace } from "./namespaces.js";
import type { StorePutOperation } from "./operations.js";
import { readOnce } from "./read-once.js";
import type { StoreStorage } from "./storage.js";

export interface Write {
  /** Its place in the batch. */
  at: number;
  namespace: Namespace;
  key: string;
  call: Call;
  /** `undefined` for a deletion. */
  value: Serialized | undefined;
  life: Lifetime | undefined;
  texts: string[];
}

/** Is told what operation of a batch has failed. */
export type Failed = (at: number, error: unknown) => void;

type Placed = { at: number; op: StorePutOperation };

/** What is written, as it is now: for each key those operations that are good, of which the last counts. */
export async function prepareWrites(
  storage: StoreStorage,
  ops: Placed[],
  ttlSeconds: number | undefined,
  failed: Failed,
): Promise<Write[][]> {
  // The place in a Map is that of the first, as in InMemoryStore.
  const distinct = new Map<string, { call: Call; ops: Placed[] }>();
  for (const one of ops) {
    const name = JSON.stringify([one.op.namespace, one.op.key]);
    const others = distinct.get(name);
    if (others) others.ops.push(one);
    else distinct.set(name, { call: storage.entries.calls.next(), ops: [one] });
  }
  const prepared = [...distinct.values()].map(({ call, ops: ofOneKey }) =>
    Promise.all(
      ofOneKey.map(({ at, op }) =>
        prepare(storage, at, op, call, ttlSeconds).catch((error: unknown) => failed(at, error)),
      ),
    ),
  );
  return (await Promise.all(prepared)).map((writes) => writes.flatMap((write) => write ?? []));
}

async function prepare(
  { embedder, entries, keyPrefix, maxValueBytes, serde }: StoreStorage,
  at: number,
  op: StorePutOperation,
  call: Call,
  ttlSeconds: number | undefined,
): Promise<Write> {
  const ttl = op.ttlSeconds === undefined ? ttlSeconds : (op.ttlSeconds ?? undefined);
  const life = lifetime(ttl, entries.backend.db.clock.now());
  const about = { at, key: op.key, call, life };
  if (op.value === null)
    return { ...about, namespace: await namespaceOf(keyPrefix, op.namespace), value: undefined, texts: [] };
  const place = itemText(op.namespace, op.key);
  const given = embedder ? readOnce(op.value) : op.value;
  // Both read the value before anything is awaited. What cannot be stored is refused for that.
  const serializing = serialized(serde, given, place);
  let texts: string[] | DynamoDBSaverError;
  try {
    texts = embedder?.textsOf(given, op.index, place) ?? [];
  } catch (error) {
    texts = unreadable(`A value (${place})`, error);
  }
  const value = await serializing;
  if (!Array.isArray(texts)) throw texts;
  if (mayBeNoObject(value) && !(await isReadAsObject(serde, value))) {
    const problem = "A value that makes something else than an object of itself, such as a Date, cannot be stored";
    throw invalidInput(`${problem} (${place}). Put it into an object.`);
  }
  if (value.bytes.length > maxValueBytes) {
    const problem =
      `A value of ${value.bytes.length} bytes is over maxValueBytes (${maxValueBytes}). Raise that option, or ` +
      "keep large values elsewhere";
    throw new StoreDataError("VALUE_TOO_LARGE", problem, op.namespace, op.key);
  }
  return { ...about, namespace: await namespaceOf(keyPrefix, op.namespace), value, texts };
}

/** By its first characters, as the package's own serde writes JSON. A serde of one's own may say "json" of anything. */
function mayBeNoObject({ type, bytes }: Serialized): boolean {
  if (type !== "json") return false;
  const beginning = new TextDecoder().decode(bytes.subarray(0, 40));
  return !/^\s*[[{]/.test(beginning) || /^\{"lc":2,"type":"(undefined|number)"/.test(beginning);
}

async function isReadAsObject(serde: StoreStorage["serde"], value: Serialized): Promise<boolean> {
  const read = await deserialized(serde, { ...value, bytes: value.bytes.slice() }).catch(() => undefined);
  return typeof read === "object" && read !== null;
}
