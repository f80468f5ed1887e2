import type { DynamoDB } from "../../aws/dynamodb/dynamodb.js";
import type { AttributeValue, Item } from "../../aws/dynamodb/items.js";
import { stringOf } from "../../format/attributes.js";
import { key, THREAD_MARKER } from "../../format/keys.js";
import { LEASE } from "../incarnation.js";
import type { Thread } from "../refs.js";

/*
 * Who comes next in a thread, and what its holder is asked to do. Both stand in the marker beside the lease, so one
 * conditional update decides between any number of instances. Who takes a lease without a turn is not bound by it.
 */

/** The attribute of the marker with those that wait, separated by spaces. */
export const QUEUE = "queue";
/** The attribute of the marker with what its holder is asked: `{holder} {what}`. It sees it when it renews. */
export const STOP = "stop";

/** Those that wait, the first one first. */
export const queueOf = (marker: Item | undefined): string[] =>
  ((marker && stringOf(marker, QUEUE)) ?? "").split(" ").filter((one) => one !== "");

/** What the holder is asked, if anything. */
export function stopOf(marker: Item, holder: string): string | undefined {
  const [asked, what] = (stringOf(marker, STOP) ?? "").split(" ");
  return asked === holder ? what : undefined;
}

/** What changes of a marker. What is absent here stays. */
export interface Turns {
  queue?: readonly string[];
  stop?: { holder: string; what: string };
}

/**
 * Changes who waits, if the marker still has the lease and the queue that it was read with.
 * @returns false where it has not: read it again
 */
export async function changeTurns(
  db: DynamoDB,
  { partition }: Thread,
  seen: Item,
  { queue, stop }: Turns,
): Promise<boolean> {
  const values: Record<string, AttributeValue> = {};
  const asRead = (attribute: string, name: string): string => {
    const text = stringOf(seen, attribute);
    if (text === undefined) return `attribute_not_exists(#${name})`;
    values[`:${name}`] = { S: text };
    return `#${name} = :${name}`;
  };
  const condition = [
    "attribute_exists(PK)",
    asRead(LEASE, "lease"),
    asRead("holder", "holder"),
    asRead(QUEUE, "queue"),
  ].join(" AND ");
  const set: string[] = [];
  if (stop) {
    values[":stop"] = { S: `${stop.holder} ${stop.what}` };
    set.push("#stop = :stop");
  }
  if (queue && queue.length > 0) {
    values[":next"] = { S: queue.join(" ") };
    set.push("#queue = :next");
  }
  const remove = queue?.length === 0 ? "REMOVE #queue" : "";
  return db.updateItem({
    key: key(partition, THREAD_MARKER),
    update: `${set.length > 0 ? `SET ${set.join(", ")} ` : ""}${remove}`.trim(),
    condition,
    names: { "#lease": LEASE, "#holder": "holder", "#queue": QUEUE, ...(stop && { "#stop": STOP }) },
    values,
  });
}
