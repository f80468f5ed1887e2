import { toBase64 } from "../../aws/base64.js";
import type { Item } from "../../aws/dynamodb/items.js";
import { invalidInput } from "../../errors.js";
import { DATA } from "../../format/attributes.js";
import { encodeFrame, framePlace, FORMAT_VERSION, type Frame } from "../../format/frame.js";
import { idAttribute, PARENT, RUN } from "../../format/id-attribute.js";
import { checkpointPrefix, checkpointSortKey, key } from "../../format/keys.js";
import { expiry } from "../../payload/lifetime.js";
import { OVER, TOKEN } from "../fence.js";
import { type Storage } from "../storage.js";
import type { Put } from "./draft.js";

/** DynamoDB allows 400 KB an item, its keys and names included. */
const MAX_ITEM_BYTES = 390 * 1_024;

/** The item of a checkpoint, whose bytes are those of its frame. */
export async function encodeItem(
  { codec, refreshOnRead, lease }: Storage,
  { ref, input, life }: Put,
  frame: Frame,
): Promise<Item> {
  // What was seen of older holders' writes: what a DeltaChannel is rebuilt from must stay that.
  const over =
    frame.needsAncestors && input.parentId !== undefined ? lease?.reads.over(input.ns, input.parentId) : undefined;
  const itemKey = key(ref.thread.partition, checkpointSortKey(checkpointPrefix(ref.nsPart, ref.idPart), frame.born));
  const ids = {
    ...(input.parentId !== undefined && { [PARENT]: idAttribute(input.parentId) }),
    ...(frame.run !== undefined && { [RUN]: idAttribute(frame.run) }),
  };
  const data = await codec.encode(encodeFrame(frame), framePlace({ ...itemKey, ...ids }));
  if (data.length > MAX_ITEM_BYTES) {
    throw invalidInput(
      `The checkpoint has ${frame.channels.size} channels, and the list of them alone is ${data.length} bytes ` +
        "long, over DynamoDB's limit of 400 KB an item. Keep many small values in one channel.",
    );
  }
  return {
    ...itemKey,
    ...ids,
    ...(ref.nsPart.whole !== undefined && { ns: { S: ref.nsPart.whole } }),
    ...(ref.idPart.whole !== undefined && { id: { S: ref.idPart.whole } }),
    v: { N: String(FORMAT_VERSION) },
    [DATA]: { B: toBase64(data) },
    ...(frame.token > 0 && { [TOKEN]: { N: String(frame.token) } }),
    ...(over && { [OVER]: { S: JSON.stringify(over) } }),
    ...expiry(frame.goneAt, frame.needsAncestors && !refreshOnRead ? life?.needed : undefined),
  };
}
