import type { Item } from "./item.js";

export interface Key {
  PK: { S: string };
  SK: { S: string };
}
export type Write = { PutRequest: { Item: Item } } | { DeleteRequest: { Key: Key } };

export const keyOf = (item: Item): Key => ({ PK: item.PK as Key["PK"], SK: item.SK as Key["SK"] });
export const writtenKey = (write: Write): Key =>
  "PutRequest" in write ? keyOf(write.PutRequest.Item) : write.DeleteRequest.Key;
