import { toBase64 } from "../../aws/base64.js";
import type { AttributeValue, Item, Key } from "../../aws/dynamodb/items.js";
import { binaryOf, DATA } from "../../format/attributes.js";
import type { Codec } from "../../format/codec.js";
import type { Place } from "../../format/encryption.js";
import { locate } from "../../format/format-error.js";
import { framePlace } from "../../format/frame.js";
import { key } from "../../format/keys.js";
import { writePlace } from "../../format/writes.js";
import { writtenAt } from "../../payload/segment-times.js";

/** An item at its new place, to which its values are bound. */
export async function rebound(
  codec: Codec,
  { threadId, partition }: { threadId: string; partition: string },
  newThreadId: string,
  place: Key,
  item: Pick<Key, "SK"> & Record<string, AttributeValue>,
): Promise<Item> {
  const from = key(partition, item.SK.S);
  const placeIn = (at: Key, name: string): Place =>
    name === DATA ? framePlace({ ...item, ...at }) : writePlace({ ...item, ...at }, name);
  const moved: Item = { ...item, ...place };
  for (const name of Object.keys(item)) {
    if (!isValue(name)) continue;
    try {
      moved[name] = {
        B: toBase64(await rebind(codec, binaryOf(moved, name), placeIn(from, name), placeIn(place, name))),
      };
    } catch (error) {
      throw locate(error, {
        threadId: threadId === newThreadId ? threadId : `${threadId} (as ${newThreadId})`,
        checkpointNs: "",
        checkpointId: "",
      });
    }
  }
  if (place.SK.S.startsWith("S#")) Object.assign(moved, writtenAt(Date.now()));
  return moved;
}

const isValue = (attribute: string): boolean => attribute === DATA || /^w-?\d+$/.test(attribute);

/**
 * A stored value for another place. With a key, it is one that can be read there; without, what is encrypted can be at
 * its own place only.
 */
async function rebind(codec: Codec, stored: Uint8Array, from: Place, to: Place): Promise<Uint8Array> {
  const stays = String(from) === String(to);
  if (stays && !codec.encrypts) return stored;
  const opened = await codec.opened(stored, from);
  return stays && opened !== stored ? stored : codec.sealed(opened, to);
}
