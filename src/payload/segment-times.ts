import type { DynamoDB } from "../aws/dynamodb/dynamodb.js";
import type { AttributeValue, Key } from "../aws/dynamodb/items.js";
import { key } from "../format/keys.js";

/**
 * When a segment or pointer was last written, in milliseconds since 1970. What is older than any call can last is not
 * being put.
 */
export const WRITTEN_AT = "at";
/** The attribute of a pointer whose object is being deleted. */
export const MARK = "deleting";

export const writtenAt = (timeMs: number): Record<string, AttributeValue> => ({
  [WRITTEN_AT]: { N: String(Math.floor(timeMs)) },
});

/**
 * Says of something stored that it was written now, because it would have been. False when it is not there, or is being
 * deleted.
 */
export async function touch(db: DynamoDB, { PK, SK }: Key): Promise<boolean> {
  const names = { "#at": WRITTEN_AT, "#mark": MARK };
  const condition = "attribute_exists(PK) AND attribute_not_exists(#mark)";
  return db.updateItem({
    key: key(PK.S, SK.S),
    update: "SET #at = :at",
    names,
    values: { ":at": writtenAt(db.clock.now())[WRITTEN_AT]! },
    condition,
  });
}
