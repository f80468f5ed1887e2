import { shardOf } from "../../../src/format/shards.js";
import { noise } from "../../lanes/savers/checkpoints.js";
import {
  BODY,
  binary,
  buildContainer,
  buildFrame,
  gzipped,
  plain,
  utf8,
  type Entry,
} from "../../lanes/stored/stored-bytes.js";
import { base64Url } from "../../lanes/stored/stored-format.js";
import type { StoredItem } from "./table-of-items.js";

/* What somebody who can write to the table stores there. */

export const MEBIBYTE = 1_048_576;
/** As long as the frame of one item can be, when it is unpacked. */
export const WHOLE = 8 * MEBIBYTE - 1_000;
export const PARTITION = "T#t";
export const BORN = "AAAAAA";

export const sizeOf = (items: StoredItem[]): number =>
  items.reduce((sum, item) => sum + JSON.stringify(item).length * 0.75, 0);
export const keyOf = (PK: string, SK: string): StoredItem => ({ PK: { S: PK }, SK: { S: SK }, v: { N: "1" } });
export const marker: StoredItem = { ...keyOf(PARTITION, "C#$"), born: { B: "AAAAAA==" } };
export const checkpoint = (id: string, data: { B: string }, more: StoredItem = {}): StoredItem => ({
  ...keyOf(PARTITION, `C##${id}#~${BORN}`),
  data,
  ...more,
});
export const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `c${String(i).padStart(4, "0")}`);

export const zeros = (length: number): Uint8Array => new Uint8Array(length);
export const json = (length: number): Uint8Array =>
  utf8(JSON.stringify({ text: "x".repeat(length - 100), wanted: false }));

/** A list of messages as short as they can be. */
export const messages = (length: number): Uint8Array => {
  const kwargs = { content: "ok", additional_kwargs: {}, response_metadata: {} };
  const one = JSON.stringify({
    lc: 1,
    type: "constructor",
    id: ["langchain_core", "messages", "HumanMessage"],
    kwargs,
  });
  const count = Math.floor((length - 100) / (one.length + 1));
  return utf8(`{"wanted":false,"messages":[${Array<string>(count).fill(one).join()}]}`);
};

/** The bytes of a checkpoint that has them in a channel. */
export function ofMessages(length: number): { B: string } {
  const tails = [utf8(BODY), utf8("{}"), messages(length)];
  const entries: Entry[] = tails.map((tail) => ["json", tail.length]);
  return binary(gzipped(buildContainer({ head: [[["messages", 1]]], entries, hashes: [], tails })));
}

/** A checkpoint whose value stands in its own item. */
export const inline = (length: number): { B: string } =>
  binary(gzipped(buildFrame({ channels: { value: zeros(length) } })));

export const repeated = (count: number, data: { B: string }, prefix = ""): StoredItem[] =>
  ids(count).map((id) => checkpoint(prefix + id, data));

/** Each the parent of the next. */
export const chained = (items: StoredItem[]): StoredItem[] =>
  items.map((item, i) => ({ ...item, ...(i > 0 && { parent: { S: items[i - 1]!.SK!.S!.split("#")[2]! } }) }));

/** Tasks that have written so many values each. */
export function tasks(count: number, writes: number, length: number, head = "value"): StoredItem[] {
  const write = binary(
    gzipped(buildContainer({ head, entries: [["bytes", length]], hashes: [], tails: [zeros(length)] })),
  );
  return Array.from({ length: count }, (_, i) => ({
    ...keyOf(PARTITION, `C##c0000#W#task${i}#${BORN}`),
    ...Object.fromEntries(Array.from({ length: writes }, (_, index) => [`w${index}`, write])),
  }));
}

/** Checkpoints each of which has one value of its own segments. */
export async function segmented(checkpoints: number, segments: number, length: number): Promise<StoredItem[]> {
  const items: StoredItem[] = [];
  for (const [n, id] of ids(checkpoints).entries()) {
    const hashes: Uint8Array[] = [];
    for (let i = 0; i < segments; i++) {
      const bytes = zeros(length);
      bytes.set(noise(8, 1 + n * segments + i));
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
      hashes.push(hash);
      items.push({ ...keyOf(PARTITION, `S#${BORN}#${base64Url(hash)}`), data: binary(gzipped(bytes)) });
    }
    const value: Entry = ["bytes", 0, ...hashes.map(() => length)];
    const frame = buildContainer({
      head: [[["value", 1]]],
      entries: [["json", BODY.length], ["json", 2], value],
      hashes,
      tails: [utf8(BODY), utf8("{}")],
    });
    items.push(checkpoint(id, binary(plain(frame))));
  }
  return items;
}

export const entryOf = (value: Uint8Array, type = "json"): { B: string } =>
  binary(gzipped(buildContainer({ head: [""], entries: [[type, value.length]], hashes: [], tails: [value] })));

/** With what a search finds them by: a pointer, and a sketch that says nothing, so that its entry is compared. */
export const ofStore = (count: number, entry: StoredItem): StoredItem[] =>
  Array.from({ length: count }, (_, i) => `k${i}`).flatMap((name) => [
    { ...keyOf("N#n/", `I#${name}`), created: { N: "1" }, updated: { N: "1" }, ...entry },
    keyOf("N#n/", `O#0000000000000001#${name}`),
    ...(entry.vectors ? [keyOf("N#n/", `V#${BORN}#${name}`)] : []),
  ]);

export const ofCache = (count: number, entry: StoredItem): StoredItem[] =>
  Array.from({ length: count }, (_, i) => {
    const sortKey = `I#n/#k${i}`;
    return { ...keyOf(`X#${shardOf(sortKey)}`, sortKey), ...entry };
  });
